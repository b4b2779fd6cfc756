import { callMetrics, invocationMetrics, queueMetrics } from '../../local/engine/cloudwatch/service-metrics.ts';
import { countersOf, type MetricName, mailboxReadings, readingsOf } from '../../shared/platform/measure.ts';
import { metricsNamespace } from '../../shared/platform/names.ts';

/** A metric as an alarm or a widget asks for it; one that nobody reports would be silent for ever. */
export interface AskedFor {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

const formOf = ({ namespace, metricName, dimensions }: AskedFor): string =>
  [namespace, metricName, ...Object.keys(dimensions).sort()].join(' ');

/** What AWS's own services report, by name and dimensions, as the one-machine run has it. */
const ofServices = new Set(
  [
    ...queueMetrics('any', { visible: 0, inFlight: 0, delayed: 0 }, 0),
    ...invocationMetrics('any', { kind: 'answered', payload: null }, 0, 0),
    ...callMetrics({ apiName: 'any', stageName: 'any', status: 200, latencyMs: 0 }, 0),
  ].map(formOf),
);

const listed = (list: Readonly<Record<string, readonly MetricName[]>>, service: string): readonly string[] =>
  list[service] ?? [];
/** What becomes of a document is counted by whichever function moves it: those that count what needs a person. */
const movers = new Map(
  Object.entries<readonly MetricName[]>(countersOf).filter(([, counters]) =>
    counters.includes('DocumentsNeedingAttention'),
  ),
);
const ofDocuments = [...movers.values()].flat().filter((metric) => metric.startsWith('Documents'));

/** Is it in the lists of what functions emit, for this stage, or reported by a service of AWS? */
export const isEmitted = (asked: AskedFor, stage = 'local'): boolean => {
  const { namespace, metricName, dimensions } = asked;
  if (namespace !== metricsNamespace) return ofServices.has(formOf(asked));
  const { service = '', mailbox, code, ...rest } = dimensions;
  if (JSON.stringify(rest) !== JSON.stringify({ stage })) return false;
  if (mailbox !== undefined) return service === 'watch' && mailboxReadings.some((reading) => reading === metricName);
  if (code !== undefined) return service === 'api' && metricName === 'RequestsRefused';
  return (
    listed(countersOf, service).includes(metricName) ||
    listed(readingsOf, service).includes(metricName) ||
    (movers.has(service) && ofDocuments.some((metric) => metric === metricName))
  );
};
