import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runbookSections } from '../../infra/constructs/monitoring.ts';
import { anchorOf, headings, section, textOf } from '../unit/docs/markdown.ts';
import { isEmitted } from './emitted.ts';
import { synthesise } from './support.ts';

const runbook = textOf('docs/runbook.md');

const dimensions = z
  .array(z.object({ Name: z.string(), Value: z.string() }))
  .transform((list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value])));
const metric = z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions });

const alarmOf = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.string()),
  OKActions: z.array(z.string()),
  TreatMissingData: z.string(),
  Threshold: z.number(),
  ComparisonOperator: z.string(),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.number(),
  Period: z.number().optional(),
  Metrics: z
    .array(
      z.object({
        Expression: z.string().optional(),
        MetricStat: z.object({ Metric: metric, Period: z.number(), Stat: z.string() }).optional(),
      }),
    )
    .optional(),
  ...metric.partial().shape,
});

const mailboxes = ['RX1OT001', 'RX2OT001'];
const system = synthesise({ settings: { mailboxes } });
const alarms = system.of('AWS::CloudWatch::Alarm').map(({ properties }) => {
  const alarm = alarmOf.parse(properties);
  const { Namespace, MetricName, Dimensions, Period, Metrics = [] } = alarm;
  return {
    ...alarm,
    condition: alarm.AlarmName.replace(/^send-document-local\//, ''),
    expression: Metrics.flatMap(({ Expression }) => Expression ?? [])[0],
    periods: [Period, ...Metrics.map(({ MetricStat }) => MetricStat?.Period)].filter((each) => each !== undefined),
    metrics: [
      ...(Namespace !== undefined && MetricName !== undefined && Dimensions
        ? [{ Namespace, MetricName, Dimensions }]
        : []),
      ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []),
    ],
  };
});
const each = alarms.map((alarm) => [alarm.AlarmName, alarm] as const);
const by = (condition: string) => {
  const found = alarms.find((alarm) => alarm.condition === condition);
  if (!found) throw new Error(`there is no alarm ${condition}`);
  return found;
};
const queues = system.of('AWS::SQS::Queue');
const sectionOf = (description: string) => /docs\/runbook\.md#([a-z-]+)$/.exec(description)?.[1] ?? '';

describe('alarms', () => {
  it('watch every dead-letter queue', () => {
    const read = system.of('AWS::Lambda::EventSourceMapping').map(({ properties }) => properties.EventSourceArn);
    const deadLetters = queues.filter((queue) => !read.includes(system.arn(queue)));
    const watched = alarms.filter(({ condition }) => condition.endsWith('/DeadLetterQueueNotEmpty'));
    expect(deadLetters).toHaveLength(4);
    expect(watched.flatMap(({ metrics }) => metrics.map(({ Dimensions }) => Dimensions.QueueName)).sort()).toEqual(
      deadLetters.map(({ id }) => `${id}.QueueName`).sort(),
    );
    for (const { metrics, Threshold, ComparisonOperator } of watched) {
      expect(metrics.map(({ MetricName }) => MetricName)).toEqual(['ApproximateNumberOfMessagesVisible']);
      expect([Threshold, ComparisonOperator]).toEqual([1, 'GreaterThanOrEqualToThreshold']);
    }
  });

  it.each([
    ['Documents/UnsentForAnHour', 60, 'MEDIUM'],
    ['Documents/UnsentForTwoHours', 120, 'HIGH'],
  ])(
    '%s goes off when a document or drop waits %d minutes to be sent (GPCM-SD-096)',
    (condition, minutes, severity) => {
      const alarm = by(condition);
      expect(alarm).toMatchObject({ Threshold: minutes, ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
      expect(alarm.AlarmDescription).toMatch(new RegExp(`^${severity}\\. `));
      expect(alarm.metrics.map(({ MetricName }) => MetricName).sort()).toEqual([
        'ApproximateAgeOfOldestMessage',
        'OldestUnsentMinutes',
      ]);
      const ingest = system.one('AWS::SQS::Queue', 'IngestQueue');
      expect(alarm.metrics.map(({ Dimensions }) => Dimensions.QueueName)).toContain(`${ingest.id}.QueueName`);
      // Seconds of the queue, minutes of the records; no reading of the records is no point, not a 0.
      expect(alarm.expression).toBe('MAX([records, records * 0 + FILL(drops, 0) / 60])');
      expect(alarm.TreatMissingData).toBe('ignore');
    },
  );

  it('tell of a mailbox that is not polled, and take a silent watch for that', () => {
    const alarm = by('Mailboxes/PollHeartbeatMissing');
    expect(alarm).toMatchObject({ TreatMissingData: 'breaching', Threshold: 1, EvaluationPeriods: 5, Period: 60 });
    expect(alarm.metrics.map(({ MetricName }) => MetricName)).toEqual(['MailboxesWithoutPoll']);
    expect(alarm.AlarmDescription).toMatch(/^HIGH/);
  });

  it.each(mailboxes)('tell of %s by itself where the stage lists it, and not of what ails all', (mailbox) => {
    const alarm = by(`${mailbox}/NotPolled`);
    expect(alarm).toMatchObject({ TreatMissingData: 'ignore', Threshold: 3, EvaluationPeriods: 5 });
    // A mailbox that watch does not know is silent; a watch that measures nothing says nothing.
    expect(alarm.expression).toBe('measured * 0 + FILL(intervals, 3)');
    expect(alarm.metrics).toEqual([
      expect.objectContaining({ MetricName: 'MailboxesWithoutPoll' }),
      expect.objectContaining({
        MetricName: 'IntervalsSincePoll',
        Dimensions: { service: 'watch', stage: 'local', mailbox },
      }),
    ]);
    expect(alarm.AlarmDescription).toMatch(new RegExp(`^HIGH\\. .*${mailbox}`));
  });

  it('go off where they are said to: severity, side and threshold, minutes looked at, what silence means', () => {
    const deadLetters = 'HIGH >= 1, 1 x 1 min, notBreaching';
    const failing = 'MEDIUM >= 1, 1 x 5 min, notBreaching';
    const throttled = 'MEDIUM >= 5, 1 x 5 min, notBreaching';
    const said = ({
      AlarmDescription,
      ComparisonOperator,
      Threshold,
      EvaluationPeriods,
      ...alarm
    }: (typeof alarms)[0]) => {
      const side = { GreaterThanOrEqualToThreshold: '>=', LessThanOrEqualToThreshold: '<=' }[ComparisonOperator];
      const minutes = (alarm.periods[0] ?? 0) / 60;
      return `${AlarmDescription.split('.')[0]} ${side} ${Threshold}, ${EvaluationPeriods} x ${minutes} min, ${alarm.TreatMissingData}`;
    };
    expect(Object.fromEntries(alarms.map((alarm) => [alarm.condition, said(alarm)]))).toEqual({
      'Ingest/DeadLetterQueueNotEmpty': deadLetters,
      'StorageEvents/DeadLetterQueueNotEmpty': deadLetters,
      'Outbox/DeadLetterQueueNotEmpty': deadLetters,
      'Poll/DeadLetterQueueNotEmpty': deadLetters,
      'Documents/UnsentForAnHour': 'MEDIUM >= 60, 3 x 1 min, ignore',
      'Documents/UnsentForTwoHours': 'HIGH >= 120, 3 x 1 min, ignore',
      'Documents/NeedAttention': 'MEDIUM >= 1, 1 x 1 min, ignore',
      'Poll/AnswerQuarantined': 'MEDIUM >= 1, 1 x 5 min, notBreaching',
      'Mailboxes/PollHeartbeatMissing': 'HIGH >= 1, 5 x 1 min, breaching',
      'Mailboxes/CircuitOpen': 'HIGH >= 1, 1 x 1 min, ignore',
      'Mailboxes/CertificateEndsWithinThirtyDays': 'MEDIUM <= 30, 1 x 1 min, ignore',
      'Mailboxes/CertificateEndsWithinFourteenDays': 'HIGH <= 14, 1 x 1 min, ignore',
      'RX1OT001/NotPolled': 'HIGH >= 3, 5 x 1 min, ignore',
      'RX2OT001/NotPolled': 'HIGH >= 3, 5 x 1 min, ignore',
      'Compose/Failing': failing,
      'Send/Failing': failing,
      'Poll/Failing': failing,
      'Watch/Failing': failing,
      'ApiFunction/Failing': failing,
      'Compose/Throttled': throttled,
      'Send/Throttled': throttled,
      'Poll/Throttled': throttled,
      'Watch/Throttled': throttled,
      'ApiFunction/Throttled': throttled,
      'Authorise/Throttled': throttled,
      'Api/ServerErrors': 'MEDIUM >= 1, 1 x 5 min, notBreaching',
    });
  });

  it('that count what a service reports only now and then take silence for none, so that they end, once', () => {
    for (const condition of ['Compose/Throttled', 'Authorise/Throttled', 'ApiFunction/Failing', 'Api/ServerErrors']) {
      expect(by(condition).expression, condition).toMatch(/^FILL\(\w+, 0\)$/);
    }
    expect(by('Send/Failing').expression).toBe('FILL(errors, 0) + FILL(items, 0)');
  });

  it('are as many as the README says where no mailbox has one of its own', () => {
    const said = /^(\d+) alarms/m.exec(textOf('README.md'))?.[1];
    expect(Number(said)).toBe(synthesise().of('AWS::CloudWatch::Alarm').length);
    expect(alarms).toHaveLength(Number(said) + mailboxes.length);
  });

  it('tell of an open circuit, once: silence neither opens nor closes one', () => {
    expect(by('Mailboxes/CircuitOpen')).toMatchObject({ TreatMissingData: 'ignore', Threshold: 1 });
    expect(by('Mailboxes/CircuitOpen').AlarmDescription).toMatch(/^HIGH/);
  });

  it.each([
    ['Mailboxes/CertificateEndsWithinThirtyDays', 30, 'MEDIUM'],
    ['Mailboxes/CertificateEndsWithinFourteenDays', 14, 'HIGH'],
  ])('%s goes off at %d days and below, for the certificate that ends first', (condition, days, severity) => {
    const alarm = by(condition);
    expect(alarm).toMatchObject({
      Threshold: days,
      ComparisonOperator: 'LessThanOrEqualToThreshold',
      TreatMissingData: 'ignore',
    });
    expect(alarm.AlarmDescription).toMatch(new RegExp(`^${severity}\\. `));
    expect(alarm.metrics.map(({ MetricName }) => MetricName)).toEqual(['CertificateDaysLeft']);
  });

  it('tell of documents that need a person for as long as one does, by how many are open', () => {
    const alarm = by('Documents/NeedAttention');
    expect(alarm.metrics).toEqual([
      expect.objectContaining({ MetricName: 'AttentionOpen', Dimensions: { service: 'watch', stage: 'local' } }),
    ]);
    expect(alarm).toMatchObject({ Threshold: 1, Period: 60, TreatMissingData: 'ignore' });
  });

  it('tell of every function that it fails and that it is throttled; of the authoriser, which says no by failing, only this', () => {
    const takingItems = ['compose', 'send', 'poll', 'watch'];
    const functions = system.of('AWS::Lambda::Function').map((each) => [system.ref(each), each.properties] as const);
    for (const [name, { FunctionName }] of functions) {
      const own = alarms.filter(({ metrics }) => metrics.some(({ Dimensions }) => Dimensions.FunctionName === name));
      const watched = own.flatMap(({ metrics }) => metrics.map(({ MetricName }) => MetricName));
      const service = String(FunctionName).replace('send-document-local-', '');
      expect(watched.sort(), service).toEqual(
        service === 'authorise'
          ? ['Throttles']
          : ['Errors', ...(takingItems.includes(service) ? ['ItemsFailed'] : []), 'Throttles'],
      );
      for (const { TreatMissingData } of own) expect(TreatMissingData).toBe('notBreaching');
    }
  });

  it.each(each)('%s tells the topic, when it starts and when it ends', (_, alarm) => {
    const topic = system.arn(system.one('AWS::SNS::Topic', 'Alarms'));
    expect(alarm.AlarmActions).toEqual([topic]);
    expect(alarm.OKActions).toEqual([topic]);
  });

  it.each(each)('%s says how bad it is, what happened and which section of the runbook to read', (_, alarm) => {
    expect(alarm.AlarmDescription).toMatch(/^(HIGH|MEDIUM)\. .{40,} What to do: docs\/runbook\.md#[a-z-]+$/);
    expect(alarm.AlarmDescription.length).toBeLessThanOrEqual(1024);
    expect(Object.values(runbookSections)).toContain(sectionOf(alarm.AlarmDescription));
  });

  it('send to every section of the runbook that there is', () => {
    // Each subscriber to events has an alarm of its own.
    const subscribed = synthesise({
      settings: {
        eventSubscriptions: [{ name: 'Office', protocol: 'email', address: 'office@example.org', filter: {} }],
      },
    });
    const all = subscribed.of('AWS::CloudWatch::Alarm').map(({ properties }) => alarmOf.parse(properties));
    const sent = new Set([...alarms, ...all].map(({ AlarmDescription }) => sectionOf(AlarmDescription)));
    expect([...sent].sort()).toEqual(Object.values(runbookSections).sort());
  });

  it.each(each)('%s says what silence means, and all of it in one period', (_, alarm) => {
    expect(['breaching', 'notBreaching', 'ignore']).toContain(alarm.TreatMissingData);
    expect(new Set(alarm.periods).size).toBe(1);
    expect(alarm.DatapointsToAlarm).toBe(alarm.EvaluationPeriods);
  });

  it.each(each)('%s looks at metrics that are emitted, of this stage and of no other', (_, alarm) => {
    const silent = alarm.metrics.filter(
      ({ Namespace, MetricName, Dimensions }) =>
        !isEmitted({ namespace: Namespace, metricName: MetricName, dimensions: Dimensions }),
    );
    expect(alarm.metrics.length).toBeGreaterThan(0);
    expect(silent).toEqual([]);
  });

  it.each(each)('%s stands by its name in its section of the runbook', (_, alarm) => {
    const heading = headings(runbook).find(({ text }) => anchorOf(text) === sectionOf(alarm.AlarmDescription));
    const condition = alarm.AlarmName.split('/').at(-1);
    expect(section(runbook, heading?.text ?? '')).toMatch(new RegExp(`\`[^\`]*/${condition}\``));
  });

  it('of one stage hear nothing of another in the same account', () => {
    const integration = JSON.stringify(
      synthesise({ stage: 'integration' })
        .of('AWS::CloudWatch::Alarm')
        .map(({ properties }) => properties),
    );
    expect(integration).not.toContain('"local"');
    expect(integration).not.toContain('send-document-local');
  });

  it('have names of one form, no two alike', () => {
    const names = alarms.map(({ AlarmName }) => AlarmName);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^send-document-local\/[A-Z][A-Za-z0-9]+\/[A-Z][A-Za-z]+$/);
  });
});
