import { Alarm, ComparisonOperator, type IMetric, type TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** The headings of docs/runbook.md that alarms send people to. */
export const runbookSections = {
  deadLetters: 'messages-on-a-dead-letter-queue',
  undeliveredStorageEvents: 'storage-events-that-did-not-reach-the-ingest-queue',
} as const;

export interface AlarmProps {
  /** What it watches, as an operator calls it: the middle part of the alarm's name. */
  readonly feature: string;
  /** The state of affairs that the alarm announces: the last part of its name, in CamelCase. */
  readonly condition: string;
  readonly metric: IMetric;
  /** The alarm goes off when the metric reaches this. */
  readonly threshold: number;
  /** One or two sentences: what happened, and what it means for documents. No patient data. */
  readonly whatHappened: string;
  readonly runbook: keyof typeof runbookSections;
  /** No default: what silence means differs from metric to metric. */
  readonly treatMissingData: TreatMissingData;
}

/** Makes alarms that tell somebody, say what happened and where to read on. Nothing else in infra/ makes one. */
export class Monitoring {
  readonly #stage: string;
  readonly #topic: ITopic;

  constructor(stage: string, topic: ITopic) {
    this.#stage = stage;
    this.#topic = topic;
  }

  /** Somebody has to act today: documents are not moving, or will be late. */
  addHighSeverityAlarm(scope: Construct, id: string, props: AlarmProps): Alarm {
    const alarm = new Alarm(scope, id, {
      alarmName: `send-document-${this.#stage}/${props.feature}/${props.condition}`,
      alarmDescription: `HIGH. ${props.whatHappened} What to do: docs/runbook.md#${runbookSections[props.runbook]}`,
      metric: props.metric,
      threshold: props.threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: props.treatMissingData,
    });
    const tell = new SnsAction(this.#topic);
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
    return alarm;
  }
}
