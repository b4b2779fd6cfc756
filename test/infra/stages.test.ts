import { describe, expect, it } from 'vitest';
import { stageNames } from '../../infra/config/stage-settings.ts';
import { stageSettingsOf } from '../../infra/config/stages.ts';

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

  it('take tokens of one machine’s own issuer in stage local only', () => {
    const api = { tokenIssuer: 'http://127.0.0.1:4000', jwksUrl: 'http://127.0.0.1:4000/keys' };
    expect(stageSettingsOf('local', { api }).api).toMatchObject(api);
    for (const stage of ['integration', 'production']) {
      // Until a deployment names its own issuer it takes nobody's tokens: the name can never exist.
      expect(new URL(stageSettingsOf(stage).api.tokenIssuer).hostname).toMatch(/\.invalid$/);
      expect(stageSettingsOf(stage).api.jwksUrl).toMatch(/^https:/);
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
    [{ api: { tokenIssuer: 'http://issuer.example.org' } }, 'api.tokenIssuer: an https address'],
    [{ api: { jwksUrl: 'http://127.0.0.1.example.org:80/keys' } }, 'api.jwksUrl: an https address'],
    [{ api: { leewaySeconds: 3600 } }, 'api.leewaySeconds'],
    [{ api: { throttle: { rate: 0 } } }, 'api.throttle.rate'],
    [{ api: { maxInlineBytes: 6 * 2 ** 20 } }, 'api.maxInlineBytes'],
    [{ noSuchSetting: 1 }, 'noSuchSetting'],
  ])('are refused where wrong, and say which: %j', (overrides, named) => {
    expect(() => stageSettingsOf('local', overrides)).toThrow(named);
  });
});
