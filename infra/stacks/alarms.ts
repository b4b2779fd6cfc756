import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { countersOf, type MetricName } from '../../shared/platform/measure.ts';
import { type CountingFunction, gatewayMetric, metricOf } from '../constructs/metrics.ts';
import type { Monitoring } from '../constructs/monitoring.ts';

/** Every function through which a document can come to need a person. */
export const movers = ['compose', 'send', 'poll', 'watch'] as const satisfies readonly CountingFunction[];

/** How things stand: read by watch each minute, so one reading a minute, of which the last tells. */
const standing = (monitoring: Monitoring, metricName: MetricName, statistic: 'Maximum' | 'Minimum') =>
  metricOf('watch', metricName, { stage: monitoring.stage, statistic, period: 1 });

/** Readings in a row, so that one slow minute wakes nobody. */
const settled = 5;

/** Intervals without an answer, after which a mailbox counts as silent (shared/senders/mailbox.ts). */
const silentIntervals = 3;

export interface OutcomeAlarmsProps {
  readonly ingest: IQueue;
  /** Ids of the mailboxes that have an alarm each. */
  readonly mailboxes: readonly string[];
}

/** Alarms on what becomes of documents and mailboxes, whatever the cause. */
export class OutcomeAlarms extends Construct {
  constructor(scope: Construct, id: string, monitoring: Monitoring, { ingest, mailboxes }: OutcomeAlarmsProps) {
    super(scope, id);
    this.#unsent(monitoring, ingest);
    this.#mailboxes(monitoring);
    for (const mailbox of mailboxes) this.#mailbox(monitoring, mailbox);
    monitoring.addMediumSeverityAlarm(this, 'Attention', {
      feature: 'Documents',
      condition: 'NeedAttention',
      metric: standing(monitoring, 'AttentionOpen', 'Maximum'),
      threshold: 1,
      whatHappened:
        'At least one document needs a person: it ended without being accepted, is held, or somebody is silent for too long. The alarm ends when each has moved on, or somebody has recorded what was done about it.',
      runbook: 'attention',
      // Silence deals with nothing; PollHeartbeatMissing tells of it.
      treatMissingData: TreatMissingData.IGNORE,
    });
    monitoring.addMediumSeverityAlarm(this, 'Quarantine', {
      feature: 'Poll',
      condition: 'AnswerQuarantined',
      metric: metricOf('poll', 'QuarantinedMessages', { stage: monitoring.stage, statistic: 'Sum', period: 5 }),
      threshold: 1,
      whatHappened:
        'An answer from MESH that is ours matches no document. It is kept with its bytes; a document may wait for it in vain.',
      runbook: 'quarantine',
      // No poll, no answer; polls that do not come have an alarm of their own.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  #unsent(monitoring: Monitoring, ingest: IQueue): void {
    // Two sources, because a drop that compose cannot take has no record yet: its message's age tells of it.
    const oldest = () =>
      new MathExpression({
        // Times nought: without a reading of records there is no point at all, whatever the queue says.
        expression: 'MAX([records, records * 0 + FILL(drops, 0) / 60])',
        usingMetrics: {
          records: standing(monitoring, 'OldestUnsentMinutes', 'Maximum'),
          drops: ingest.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: 'Maximum' }),
        },
        period: Duration.minutes(1),
        label: 'Minutes that the oldest unsent document waits',
      });
    // A drop whose named PDF never comes is rejected after an hour, by the next watch: it is not ours to worry about.
    const periods = 3;
    // Silence means that watch does not measure, which PollHeartbeatMissing tells; to clear this one on it would lie.
    const treatMissingData = TreatMissingData.IGNORE;
    const about = 'A document that this system should have sent';
    monitoring.addMediumSeverityAlarm(this, 'UnsentOneHour', {
      feature: 'Documents',
      condition: 'UnsentForAnHour',
      metric: oldest(),
      threshold: 60,
      periods,
      whatHappened: `${about} has waited for an hour. At three hours it is later than the standard allows.`,
      runbook: 'unsent',
      treatMissingData,
    });
    monitoring.addHighSeverityAlarm(this, 'UnsentTwoHours', {
      feature: 'Documents',
      condition: 'UnsentForTwoHours',
      metric: oldest(),
      threshold: 120,
      periods,
      whatHappened: `${about} has waited for two hours. In one more it is later than the standard allows.`,
      runbook: 'unsent',
      treatMissingData,
    });
  }

  #mailboxes(monitoring: Monitoring): void {
    monitoring.addHighSeverityAlarm(this, 'PollHeartbeat', {
      feature: 'Mailboxes',
      condition: 'PollHeartbeatMissing',
      metric: standing(monitoring, 'MailboxesWithoutPoll', 'Maximum'),
      threshold: 1,
      periods: settled,
      whatHappened:
        'A mailbox was not polled with success for three intervals, or watch, which starts the polls, does not run at all. Answers of practices stay in MESH, which keeps them for five days.',
      runbook: 'silentMailbox',
      // Nobody measures: then watch does not run, nothing is polled and nothing unfinished is finished. That is the case.
      treatMissingData: TreatMissingData.BREACHING,
    });
    monitoring.addHighSeverityAlarm(this, 'CircuitOpen', {
      feature: 'Mailboxes',
      condition: 'CircuitOpen',
      metric: standing(monitoring, 'CircuitsOpen', 'Maximum'),
      threshold: 1,
      whatHappened:
        'MESH refuses a mailbox, or its certificate, key, password or shared key cannot be used. Its documents wait in their records, and nothing is polled for it.',
      runbook: 'openCircuit',
      // Silence neither opens nor closes a circuit; PollHeartbeatMissing tells of it.
      treatMissingData: TreatMissingData.IGNORE,
    });
    for (const [id, condition, days, add] of [
      ['CertificateMonth', 'CertificateEndsWithinThirtyDays', 30, 'addMediumSeverityAlarm'],
      ['CertificateFortnight', 'CertificateEndsWithinFourteenDays', 14, 'addHighSeverityAlarm'],
    ] as const) {
      monitoring[add](this, id, {
        feature: 'Mailboxes',
        condition,
        metric: standing(monitoring, 'CertificateDaysLeft', 'Minimum'),
        threshold: days,
        side: 'at-or-below',
        whatHappened: `The client certificate of a mailbox, or the CA bundle that it trusts, ends within ${days} days. A new certificate takes about five working days; without it nothing is sent or fetched.`,
        runbook: 'certificate',
        // Before the first poll of the first mailbox there is no certificate; later, one day without a reading changes none.
        treatMissingData: TreatMissingData.IGNORE,
      });
    }
  }

  /**
   * One mailbox by itself. The alarm of all is on as long as any is silent, so it tells of no second one; this one does,
   * whatever the reason: an open circuit too, and that nobody registered the mailbox.
   */
  #mailbox(monitoring: Monitoring, mailbox: string): void {
    const { stage } = monitoring;
    monitoring.addHighSeverityAlarm(this, `NotPolled${mailbox}`, {
      feature: mailbox,
      condition: 'NotPolled',
      metric: new MathExpression({
        // Times nought: where watch measures nothing there is no point. Where it does, a mailbox it does not know is silent.
        expression: `measured * 0 + FILL(intervals, ${silentIntervals})`,
        usingMetrics: {
          measured: standing(monitoring, 'MailboxesWithoutPoll', 'Maximum'),
          intervals: metricOf('watch', 'IntervalsSincePoll', { stage, statistic: 'Maximum', period: 1, mailbox }),
        },
        period: Duration.minutes(1),
        label: 'Intervals since MESH answered',
      }),
      threshold: silentIntervals,
      periods: settled,
      whatHappened: `The mailbox ${mailbox} was not polled with success for three intervals, for whatever reason, or is not registered. Answers of practices stay in MESH, which keeps them for five days.`,
      runbook: 'silentMailbox',
      // A silent watch is one cause, and PollHeartbeatMissing tells of it: not each mailbox once more.
      treatMissingData: TreatMissingData.IGNORE,
    });
  }
}

export interface FunctionAlarmsProps {
  /** As an operator calls it; the middle part of the alarms' names. */
  readonly feature: string;
  /** Its name in lambdas/. */
  readonly name: string;
  readonly function: IFunction;
  /**
   * It says no by failing, as an authoriser must to have 401 answered: Lambda counts each refusal as an error, so its
   * errors tell nothing. What else goes wrong in it is a 5xx of the API, which has an alarm.
   */
  readonly refusesByFailing?: boolean;
}

/** Over which errors are added up. */
const lately = Duration.minutes(5);

/**
 * A count that its service reports only where there is something to do. CloudWatch judges by the latest points that
 * are there, so an old error beside silence would go on for a quarter of an hour, and end and come back with each call.
 */
const zeroWhereNone = (id: string, metric: IMetric): MathExpression =>
  new MathExpression({ expression: `FILL(${id}, 0)`, usingMetrics: { [id]: metric }, period: lately });

/** Functions that are given several items at a time, and answer for each. */
const takesItems = (name: string): name is CountingFunction =>
  Object.entries<readonly MetricName[]>(countersOf).some(
    ([service, counters]) => service === name && counters.includes('ItemsFailed'),
  );

/** The alarms of a function: that it fails, that it is not let run. */
export class FunctionAlarms extends Construct {
  constructor(scope: Construct, id: string, monitoring: Monitoring, props: FunctionAlarmsProps) {
    super(scope, id);
    const { feature, name, refusesByFailing = false } = props;
    if (!refusesByFailing) this.#failing(monitoring, props);
    monitoring.addMediumSeverityAlarm(this, 'Throttled', {
      feature,
      condition: 'Throttled',
      metric: zeroWhereNone('throttles', props.function.metricThrottles({ period: lately, statistic: 'Sum' })),
      // One call that is told to come later is normal in a burst; five in five minutes is a limit that is too low.
      threshold: 5,
      whatHappened: `Lambda refused to start ${name} at least five times in five minutes: its concurrency or the account's is used up, or switched off. Work waits.`,
      runbook: 'throttledFunction',
      // Lambda reports throttles only where something was to be started: nothing to do, nothing refused.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  #failing(monitoring: Monitoring, props: FunctionAlarmsProps): void {
    const { feature, name } = props;
    const errors = props.function.metricErrors({ period: lately, statistic: 'Sum' });
    monitoring.addMediumSeverityAlarm(this, 'Failing', {
      feature,
      condition: 'Failing',
      // An item that fails in a batch is answered for by itself, and Lambda counts no error: ours is counted beside it.
      metric: takesItems(name)
        ? new MathExpression({
            expression: 'FILL(errors, 0) + FILL(items, 0)',
            usingMetrics: {
              errors,
              items: metricOf(name, 'ItemsFailed', { stage: monitoring.stage, statistic: 'Sum', period: 5 }),
            },
            period: lately,
            label: 'Errors',
          })
        : zeroWhereNone('errors', errors),
      // What can be expected is an outcome here, never an error: one is a bug, a time-out, or a service refusing.
      threshold: 1,
      whatHappened: `${name} ended in an error that was not expected, in the last five minutes. What it worked on is tried again by itself.`,
      runbook: 'failingFunction',
      // Lambda reports errors only beside invocations: no invocation, no error.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/** The alarm of the API: it answered that the fault is ours. */
export const addApiServerErrorsAlarm = (scope: Construct, monitoring: Monitoring): void => {
  monitoring.addMediumSeverityAlarm(scope, 'ServerErrors', {
    feature: 'Api',
    condition: 'ServerErrors',
    metric: zeroWhereNone(
      'faults',
      gatewayMetric('5XXError', { stage: monitoring.stage, statistic: 'Sum', period: lately.toMinutes() }),
    ),
    // A caller is told to try again and need not know why: the first one is worth a look.
    threshold: 1,
    whatHappened:
      'The API answered at least one call of the last five minutes with a fault of ours. Its caller was told to try again.',
    runbook: 'apiServerErrors',
    // API Gateway reports only where there are calls: no call, no fault.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
};
