import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { metricsIn } from '../../../../local/engine/cloudwatch/emf.ts';
import {
  countersOf,
  mailboxReadings,
  metricUnits,
  readingsOf,
  senderCounters,
} from '../../../../shared/platform/measure.ts';

const root = new URL('../../../../', import.meta.url);
const module = fileURLToPath(new URL('../../../../shared/platform/measure.ts', import.meta.url));

/** What a function that measures so prints: in a process of its own, because that is where CloudWatch reads. */
const printed = (name: string, steps: string) => {
  const code = `const { powertoolsMeasure } = await import(${JSON.stringify(module)});
    const measure = powertoolsMeasure('SendDocument', ${JSON.stringify(name)}, 'integration');
    ${steps}`;
  const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter((line) => line.includes('"_aws"'))
    .map((line) => {
      const data = metricsIn(line);
      return {
        dimensions: data[0]?.dimensions,
        values: Object.fromEntries(data.map(({ metricName, values }) => [metricName, values])),
      };
    });
};

describe('metrics of a function', () => {
  it('hold all of its counters each time, 0 where nothing happened', () => {
    const [first, second, ...more] = printed(
      'send',
      `measure.count('DocumentsSent'); measure.count('DocumentsSent'); measure.flush(); measure.flush();`,
    );
    const zeros = Object.fromEntries(countersOf.send.map((metric) => [metric, [0]]));
    expect(first).toEqual({
      dimensions: { service: 'send', stage: 'integration' },
      values: { ...zeros, DocumentsSent: [2] },
    });
    expect(second?.values).toEqual(zeros);
    expect(more).toEqual([]);
  });

  it('keep readings apart, and tell what a function counts beside its own', () => {
    const [only] = printed(
      'send',
      `measure.record('TimeToSent', 1.5); measure.record('TimeToSent', 2); measure.count('DocumentsUndelivered'); measure.flush();`,
    );
    expect(only?.values).toMatchObject({ TimeToSent: [1.5, 2], DocumentsUndelivered: [1], DocumentsSent: [0] });
  });

  it('of a function that counts nothing are nothing', () => {
    expect(printed('authorise', 'measure.flush();')).toEqual([]);
  });

  it('of one mailbox come under a dimension of their own, apart from the others', () => {
    const [one, other, counters] = printed(
      'watch',
      `measure.recordOf('RX1OT001', 'IntervalsSincePoll', 0.5); measure.recordOf('RX2OT001', 'IntervalsSincePoll', 4);
      measure.flush();`,
    );
    const dimensions = { service: 'watch', stage: 'integration' };
    expect(one).toEqual({ dimensions: { ...dimensions, mailbox: 'RX1OT001' }, values: { IntervalsSincePoll: [0.5] } });
    expect(other).toEqual({ dimensions: { ...dimensions, mailbox: 'RX2OT001' }, values: { IntervalsSincePoll: [4] } });
    expect(counters?.dimensions).toEqual(dimensions);
    expect(Object.keys(counters?.values ?? {}).sort()).toEqual([...countersOf.watch].sort());
  });

  it('of one sending organisation come under a dimension of their own', () => {
    const [one] = printed('compose', `measure.countOf('RX1', 'LateHandovers'); measure.flush();`);
    expect(one).toEqual({
      dimensions: { service: 'compose', stage: 'integration', sender: 'RX1' },
      values: { LateHandovers: [1] },
    });
  });

  it('are counted or read by some function, each of them', () => {
    const known: readonly string[] = [
      ...Object.values(countersOf).flat(),
      ...Object.values(readingsOf).flat(),
      ...mailboxReadings,
      ...senderCounters,
    ];
    expect(Object.keys(metricUnits).filter((metric) => !known.includes(metric))).toEqual([]);
  });

  it('are each emitted somewhere in the code, not only listed', () => {
    const folders = ['shared', 'lambdas'].map((folder) => fileURLToPath(new URL(folder, root)));
    const code = folders
      .flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((path) => path.endsWith('.ts') && !path.endsWith('platform/measure.ts'))
          .map((path) => readFileSync(join(folder, path), 'utf8')),
      )
      .join('\n');
    expect(Object.keys(metricUnits).filter((metric) => !code.includes(`'${metric}'`))).toEqual([]);
  });
});
