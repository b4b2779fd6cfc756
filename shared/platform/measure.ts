import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Every metric of the system, with its unit. Alarms and the dashboard use these names. */
export const metricUnits = {
  DocumentsReceived: MetricUnit.Count,
  DocumentsComposed: MetricUnit.Count,
  DocumentsSent: MetricUnit.Count,
  DocumentsInfrastructureAcknowledged: MetricUnit.Count,
  DocumentsAccepted: MetricUnit.Count,
  DocumentsRejected: MetricUnit.Count,
  DocumentsSendFailed: MetricUnit.Count,
  DocumentsUndelivered: MetricUnit.Count,
  DocumentsInfrastructureRejected: MetricUnit.Count,
  DocumentsBusinessRejected: MetricUnit.Count,
  DocumentsContradicted: MetricUnit.Count,
  DocumentsNullAndVoid: MetricUnit.Count,
  DocumentsReplaced: MetricUnit.Count,
  DocumentsSuperseded: MetricUnit.Count,
  DocumentsSuppressed: MetricUnit.Count,
  DocumentsHeld: MetricUnit.Count,
  DocumentsOverdue: MetricUnit.Count,
  DocumentsNeedingAttention: MetricUnit.Count,
  TimeToSent: MetricUnit.Seconds,
  TimeToAccepted: MetricUnit.Seconds,
  LateReplacements: MetricUnit.Count,
  LateHandovers: MetricUnit.Count,
  DuplicateDrops: MetricUnit.Count,
  RefusedDrops: MetricUnit.Count,
  UnknownOutcomes: MetricUnit.Count,
  PollsSucceeded: MetricUnit.Count,
  PollsFailed: MetricUnit.Count,
  InboxMessages: MetricUnit.Count,
  InboxMessagesFailed: MetricUnit.Count,
  ForeignMessages: MetricUnit.Count,
  QuarantinedMessages: MetricUnit.Count,
  DuplicateAcknowledgements: MetricUnit.Count,
  CircuitsOpened: MetricUnit.Count,
  UnfinishedWork: MetricUnit.Count,
  ItemsFailed: MetricUnit.Count,
  OldestUnsentMinutes: MetricUnit.Count,
  AttentionOpen: MetricUnit.Count,
  OldestAttentionHours: MetricUnit.Count,
  MailboxesWithoutPoll: MetricUnit.Count,
  IntervalsSincePoll: MetricUnit.Count,
  CircuitsOpen: MetricUnit.Count,
  CertificateDaysLeft: MetricUnit.Count,
  ClockSkewSeconds: MetricUnit.Seconds,
  SubmissionsTaken: MetricUnit.Count,
  SubmissionsRepeated: MetricUnit.Count,
  SubmissionsRefused: MetricUnit.Count,
  UploadFormsGiven: MetricUnit.Count,
  DocumentsShown: MetricUnit.Count,
  ListsShown: MetricUnit.Count,
  RequestsRefused: MetricUnit.Count,
} as const;
export type MetricName = keyof typeof metricUnits;

/**
 * What each function counts: emitted with every invocation, 0 where nothing happened, so that an alarm can tell quiet
 * from silence. What a function comes to count beside its own (a parked report applied by send) is emitted as well.
 */
export const countersOf = {
  compose: [
    'DocumentsReceived',
    'DocumentsComposed',
    'DocumentsRejected',
    'DocumentsSuperseded',
    'DocumentsSuppressed',
    'DocumentsHeld',
    'DocumentsNeedingAttention',
    'LateReplacements',
    'DuplicateDrops',
    'RefusedDrops',
    'ItemsFailed',
  ],
  send: [
    'DocumentsSent',
    'DocumentsSendFailed',
    'DocumentsSuperseded',
    'DocumentsHeld',
    'DocumentsNeedingAttention',
    'LateReplacements',
    'UnknownOutcomes',
    'CircuitsOpened',
    'ItemsFailed',
  ],
  poll: [
    'DocumentsInfrastructureAcknowledged',
    'DocumentsAccepted',
    'DocumentsUndelivered',
    'DocumentsInfrastructureRejected',
    'DocumentsBusinessRejected',
    'DocumentsContradicted',
    'DocumentsNullAndVoid',
    'DocumentsReplaced',
    'DocumentsNeedingAttention',
    'PollsSucceeded',
    'PollsFailed',
    'InboxMessages',
    'InboxMessagesFailed',
    'ForeignMessages',
    'QuarantinedMessages',
    'DuplicateAcknowledgements',
    'CircuitsOpened',
    'ItemsFailed',
  ],
  watch: [
    'DocumentsRejected',
    'DocumentsHeld',
    'DocumentsOverdue',
    'DocumentsNeedingAttention',
    'UnfinishedWork',
    'ItemsFailed',
  ],
  api: [
    'SubmissionsTaken',
    'SubmissionsRepeated',
    'SubmissionsRefused',
    'UploadFormsGiven',
    'DocumentsShown',
    'ListsShown',
    'RequestsRefused',
  ],
} as const satisfies Readonly<Record<string, readonly MetricName[]>>;

/** What each function reads of how things stand or how long they took: emitted when there is something to read. */
export const readingsOf = {
  send: ['TimeToSent'],
  poll: ['TimeToSent', 'TimeToAccepted', 'ClockSkewSeconds'],
  watch: [
    'OldestUnsentMinutes',
    'AttentionOpen',
    'OldestAttentionHours',
    'MailboxesWithoutPoll',
    'CircuitsOpen',
    'CertificateDaysLeft',
  ],
} as const satisfies Readonly<Record<string, readonly MetricName[]>>;

/** Counted of one sending organisation each, under the further dimension `sender`. */
export const senderCounters = ['LateHandovers'] as const satisfies readonly MetricName[];
export type SenderCounter = (typeof senderCounters)[number];

/** Readings of one mailbox each, under the further dimension `mailbox`, from watch. */
export const mailboxReadings = ['IntervalsSincePoll'] as const satisfies readonly MetricName[];

export interface Measure {
  /** Adds to this invocation's figure; 0 is a figure too. */
  count(metric: MetricName, value?: number): void;
  /** One reading: how things stand, or how long one thing took. Readings are never added up. */
  record(metric: MetricName, value: number): void;
  /** One reading of one mailbox, under a dimension of its own: emitted at once. */
  recordOf(mailboxId: string, metric: (typeof mailboxReadings)[number], value: number): void;
  /** Counts for one sending organisation, under a dimension of its own: emitted at once. */
  countOf(senderOds: string, metric: SenderCounter): void;
  /** One refusal by its code of docs/api/errors.md, under a dimension of its own: emitted at once, beside the counter. */
  countRefusal(code: string): void;
  /** Emits what was gathered since the last time, and the function's other counters as 0. */
  flush(): void;
}

/**
 * Metrics under the dimensions `service` (the function) and `stage`: two stages may share an account, and one's alarms
 * must not hear of the other's documents.
 */
export const powertoolsMeasure = (namespace: string, functionName: string, stage: string): Measure => {
  const metrics = new Metrics({ namespace, serviceName: functionName, defaultDimensions: { stage } });
  const own: readonly MetricName[] = Object.hasOwn(countersOf, functionName)
    ? countersOf[functionName as keyof typeof countersOf]
    : [];
  const zeros = () => new Map<MetricName, number>(own.map((metric) => [metric, 0]));
  let counted = zeros();
  let recorded = false;
  return {
    count(metric, value = 1) {
      counted.set(metric, (counted.get(metric) ?? 0) + value);
    },
    record(metric, value) {
      recorded = true;
      metrics.addMetric(metric, metricUnits[metric], value);
    },
    recordOf(mailboxId, metric, value) {
      const single = metrics.singleMetric();
      single.addDimension('mailbox', mailboxId);
      single.addMetric(metric, metricUnits[metric], value);
    },
    countOf(senderOds, metric) {
      const single = metrics.singleMetric();
      single.addDimension('sender', senderOds);
      single.addMetric(metric, metricUnits[metric], 1);
    },
    countRefusal(code) {
      const single = metrics.singleMetric();
      single.addDimension('code', code);
      single.addMetric('RequestsRefused', metricUnits.RequestsRefused, 1);
    },
    flush() {
      const gathered = counted;
      counted = zeros();
      if (gathered.size === 0 && !recorded) return;
      recorded = false;
      for (const [metric, value] of gathered) metrics.addMetric(metric, metricUnits[metric], value);
      metrics.publishStoredMetrics();
    },
  };
};
