import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runbookSections } from '../../infra/constructs/monitoring.ts';
import { synthesise } from './support.ts';

const system = synthesise();
const alarms = system.of('AWS::CloudWatch::Alarm').map(({ id, properties }) => ({
  id,
  ...z
    .object({
      AlarmName: z.string(),
      AlarmDescription: z.string(),
      AlarmActions: z.array(z.string()),
      OKActions: z.array(z.string()),
      MetricName: z.string(),
      Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
      TreatMissingData: z.string(),
      Threshold: z.number(),
    })
    .parse(properties),
}));

describe('alarms', () => {
  it('watch every dead-letter queue', () => {
    const read = system.of('AWS::Lambda::EventSourceMapping').map(({ properties }) => properties.EventSourceArn);
    const deadLetters = system.of('AWS::SQS::Queue').filter((queue) => !read.includes(system.arn(queue)));
    expect(deadLetters).toHaveLength(4);
    expect(alarms.flatMap(({ Dimensions }) => Dimensions).sort((a, b) => a.Value.localeCompare(b.Value))).toEqual(
      deadLetters
        .map(({ id }) => ({ Name: 'QueueName', Value: `${id}.QueueName` }))
        .sort((a, b) => a.Value.localeCompare(b.Value)),
    );
    for (const { MetricName, Threshold } of alarms) {
      expect([MetricName, Threshold]).toEqual(['ApproximateNumberOfMessagesVisible', 1]);
    }
  });

  it.each(alarms.map((alarm) => [alarm.AlarmName, alarm] as const))(
    '%s tells the topic, when it starts and when it ends',
    (_, alarm) => {
      const topic = system.arn(system.one('AWS::SNS::Topic', 'Alarms'));
      expect(alarm.AlarmActions).toEqual([topic]);
      expect(alarm.OKActions).toEqual([topic]);
    },
  );

  it.each(alarms.map((alarm) => [alarm.AlarmName, alarm] as const))(
    '%s says what happened and which section of the runbook to read',
    (_, alarm) => {
      const [, section] = /^HIGH\. .{40,} What to do: docs\/runbook\.md#([a-z-]+)$/.exec(alarm.AlarmDescription) ?? [];
      expect(Object.values(runbookSections)).toContain(section);
    },
  );

  it.each(alarms.map((alarm) => [alarm.AlarmName, alarm] as const))(
    '%s takes silence for an empty queue',
    (_, alarm) => {
      expect(alarm.TreatMissingData).toBe('notBreaching');
    },
  );

  it('have names of one form, no two alike', () => {
    const names = alarms.map(({ AlarmName }) => AlarmName);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^send-document-local\/[A-Z][A-Za-z]+\/[A-Z][A-Za-z]+$/);
  });
});
