import { z } from 'zod';
import type { Datum } from './metric-store.ts';

/** The embedded metric format: a log line that carries metrics, as CloudWatch Logs reads them out of a function's output. */
const embedded = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())).default([]),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

const figures = z.union([z.number().transform((one) => [one]), z.array(z.number()).max(100)]);

/** The metrics in a line of a function's log; none in any other line, and none of what is not as the format has it. */
export const metricsIn = (line: string): readonly Datum[] => {
  if (!line.includes('"_aws"')) return [];
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return [];
  }
  const parsed = embedded.safeParse(json);
  if (!parsed.success) return [];
  const { _aws, ...members } = parsed.data;
  return _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = names.map((name): [string, unknown] => [name, members[name]]);
      if (dimensions.some(([, value]) => typeof value !== 'string')) return [];
      return Metrics.flatMap(({ Name }): Datum[] => {
        const values = figures.safeParse(members[Name]);
        if (!values.success) return [];
        return [
          {
            namespace: Namespace,
            metricName: Name,
            dimensions: Object.fromEntries(dimensions.map(([name, value]) => [name, String(value)])),
            at: _aws.Timestamp,
            values: values.data,
          },
        ];
      });
    }),
  );
};
