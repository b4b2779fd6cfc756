import { z } from 'zod';
import type { Json } from '../../aws/events/pattern.ts';
import type { HttpAnswer } from './gateway-response.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** A key that is none of these makes the whole of it no answer, as in the cloud. */
const proxyAnswer = z.strictObject({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), scalar).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(scalar)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().optional(),
});

/** Headers that belong to the gateway: a function's own come out under another name. */
const gatewaysOwn = new Set([
  'authorization',
  'connection',
  'content-length',
  'date',
  'expect',
  'host',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
]);

const outgoing = (name: string): string => (gatewaysOwn.has(name.toLowerCase()) ? `x-amzn-Remapped-${name}` : name);

/** What the function answered, as HTTP; undefined where it is not in the form of an answer. */
export const httpAnswerOf = (payload: Json): HttpAnswer | undefined => {
  const parsed = proxyAnswer.safeParse(payload);
  if (!parsed.success) return undefined;
  const { statusCode, headers, multiValueHeaders, body } = parsed.data;
  const single = Object.entries(headers ?? {}).map(([name, value]) => [outgoing(name), value] as const);
  const multiple = Object.entries(multiValueHeaders ?? {}).flatMap(([name, values]) =>
    values.map((value) => [outgoing(name), value] as const),
  );
  const several = new Set(multiple.map(([name]) => name.toLowerCase()));
  const all = [...single.filter(([name]) => !several.has(name.toLowerCase())), ...multiple];
  const typed = all.some(([name]) => name.toLowerCase() === 'content-type');
  return {
    status: statusCode,
    headers: typed ? all : [['Content-Type', 'application/json'], ...all],
    body: body ?? '',
  };
};
