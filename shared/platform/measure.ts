import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Every metric of the system, with its unit. Alarms and the dashboard use these names. */
export const metricUnits = {
  DocumentsReceived: MetricUnit.Count,
  DocumentsComposed: MetricUnit.Count,
  DocumentsRejected: MetricUnit.Count,
  DocumentsSent: MetricUnit.Count,
  DocumentsAccepted: MetricUnit.Count,
  DocumentsNeedingAttention: MetricUnit.Count,
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
  CertificateDaysLeft: MetricUnit.Count,
  UnfinishedWork: MetricUnit.Count,
} as const;
export type MetricName = keyof typeof metricUnits;

export interface Measure {
  /** Adds to this invocation's figure; 0 is a figure too. */
  count(metric: MetricName, value?: number): void;
  /** Emits what was gathered; call once at the end of an invocation. */
  flush(): void;
}

export const powertoolsMeasure = (namespace: string, serviceName: string): Measure => {
  const metrics = new Metrics({ namespace, serviceName });
  let counted = false;
  return {
    count(metric, value = 1) {
      counted = true;
      metrics.addMetric(metric, metricUnits[metric], value);
    },
    flush() {
      if (counted) metrics.publishStoredMetrics();
      counted = false;
    },
  };
};
