import { describe, expect, it } from 'vitest';
import { stageNames, stageSettingsOf } from '../../infra/config/stages.ts';

describe('stage settings', () => {
  it.each(stageNames)('of %s are complete and right', (stage) => {
    expect(stageSettingsOf(stage).stage).toBe(stage);
  });

  it('are those of local where no stage is named', () => {
    expect(stageSettingsOf()).toEqual(stageSettingsOf('local'));
  });

  it('refuse a stage that is not there, naming those that are', () => {
    expect(() => stageSettingsOf('prod')).toThrow(
      'There is no stage "prod". Use -c stage=local|integration|production.',
    );
  });

  it('in production send any number but published test numbers, elsewhere test numbers only', () => {
    expect(stageSettingsOf('production').allowedNhsNumbers).toEqual([]);
    expect(stageSettingsOf('production').refusedNhsNumbers).not.toEqual([]);
    for (const stage of ['local', 'integration']) expect(stageSettingsOf(stage).allowedNhsNumbers).not.toEqual([]);
  });

  it('can be varied in stage local, one deep setting at a time, as an object or as its JSON', () => {
    const varied = { queues: { poll: { maxReceiveCount: 3 } } };
    for (const overrides of [varied, JSON.stringify(varied)]) {
      const settings = stageSettingsOf('local', overrides);
      expect(settings.queues.poll).toEqual({ batchSize: 1, maxConcurrency: 5, maxReceiveCount: 3 });
      expect(settings.queues.outbox).toEqual(stageSettingsOf('local').queues.outbox);
    }
  });

  it.each(['integration', 'production'])('cannot be varied from outside in stage %s', (stage) => {
    expect(() => stageSettingsOf(stage, { maxPdfBytes: 1 })).toThrow('edit infra/config/stages.ts');
  });

  it.each([
    [{ queues: { ingest: { batchSize: 0 } } }, 'queues.ingest.batchSize'],
    [{ queues: { ingest: { maxConcurrency: 1 } } }, 'queues.ingest.maxConcurrency'],
    [{ senders: [{ odsCode: 'rx1', principalArns: ['arn:aws:iam::111122223333:root'] }] }, 'senders.0.odsCode'],
    [{ senders: [{ odsCode: 'RX1/', principalArns: ['arn:aws:iam::111122223333:root'] }] }, 'senders.0.odsCode'],
    [{ senders: [{ odsCode: 'RX1', principalArns: ['*'] }] }, 'senders.0.principalArns.0'],
    [{ senders: [{ odsCode: 'RX1', principalArns: [] }] }, 'senders.0.principalArns'],
    [
      {
        senders: ['a', 'b'].map((name) => ({
          odsCode: 'RX1',
          principalArns: [`arn:aws:iam::111122223333:role/${name}`],
        })),
      },
      'an organisation stands in the list twice',
    ],
    [{ allowedNhsNumbers: ['96913750'] }, 'allowedNhsNumbers.0'],
    [{ refusedGivenNames: ['a,b'] }, 'refusedGivenNames.0'],
    [{ refusedGivenNames: ['('] }, 'refusedGivenNames.0'],
    [{ doubtWaitMinutes: 200 }, 'doubtWaitMinutes'],
    [{ logRetentionDays: 8 }, 'logRetentionDays'],
    [{ archiveLock: { mode: 'NONE' } }, 'archiveLock.mode'],
    [{ noSuchSetting: 1 }, 'noSuchSetting'],
  ])('are refused where wrong, and say which: %j', (overrides, named) => {
    expect(() => stageSettingsOf('local', overrides)).toThrow(named);
  });
});
