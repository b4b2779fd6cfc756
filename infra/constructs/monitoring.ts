import { Alarm, ComparisonOperator, type IMetric, type TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** The headings of docs/runbook.md that alarms send people to. */
export const runbookSections = {
  deadLetters: 'messages-on-a-dead-letter-queue',
  undeliveredStorageEvents: 'storage-events-that-did-not-reach-the-ingest-queue',
  undeliveredEvents: 'events-that-a-subscriber-did-not-take',
  unsent: 'documents-that-wait-too-long-to-be-sent',
  silentMailbox: 'a-mailbox-that-is-not-polled',
  openCircuit: 'a-mailbox-with-a-configuration-fault',
  certificate: 'a-certificate-near-its-end',
  attention: 'documents-that-need-a-person',
  quarantine: 'an-answer-that-matches-no-document',
  failingFunction: 'a-function-that-fails',
  throttledFunction: 'a-function-that-is-throttled',
  apiServerErrors: 'server-errors-of-the-api',
} as const;

export interface AlarmProps {
  /** What it watches, as an operator calls it: the middle part of the alarm's name. */
  readonly feature: string;
  /** The state of affairs that the alarm announces: the last part of its name, in CamelCase. */
  readonly condition: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** The alarm goes off at the threshold and on this side of it; absent: above. */
  readonly side?: 'at-or-above' | 'at-or-below';
  /** Periods in a row that must be past the threshold; absent: one. */
  readonly periods?: number;
  /** One or two sentences: what happened, and what it means for documents. No patient data. */
  readonly whatHappened: string;
  readonly runbook: keyof typeof runbookSections;
  /** No default: what silence means differs from metric to metric. */
  readonly treatMissingData: TreatMissingData;
}

/** Makes alarms that tell somebody, say what happened and where to read on. Nothing else in infra/ makes one. */
export class Monitoring {
  readonly stage: string;
  readonly #topic: ITopic;

  constructor(stage: string, topic: ITopic) {
    this.stage = stage;
    this.#topic = topic;
  }

  /** Somebody has to act today: documents are not moving, or will be late. */
  addHighSeverityAlarm(scope: Construct, id: string, props: AlarmProps): Alarm {
    return this.#add(scope, id, 'HIGH', props);
  }

  /** Somebody has to look in working hours: nothing is lost or late yet, and left alone it will be. */
  addMediumSeverityAlarm(scope: Construct, id: string, props: AlarmProps): Alarm {
    return this.#add(scope, id, 'MEDIUM', props);
  }

  #add(scope: Construct, id: string, severity: 'HIGH' | 'MEDIUM', props: AlarmProps): Alarm {
    const { side = 'at-or-above', periods = 1 } = props;
    const alarm = new Alarm(scope, id, {
      alarmName: `send-document-${this.stage}/${props.feature}/${props.condition}`,
      alarmDescription: `${severity}. ${props.whatHappened} What to do: docs/runbook.md#${runbookSections[props.runbook]}`,
      metric: props.metric,
      threshold: props.threshold,
      evaluationPeriods: periods,
      datapointsToAlarm: periods,
      comparisonOperator:
        side === 'at-or-above'
          ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
          : ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: props.treatMissingData,
    });
    const tell = new SnsAction(this.#topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
    return alarm;
  }
}
