import type { Bucket, Headers } from './model.ts';
import type { S3Request } from './request.ts';

const fits = (allowed: string, origin: string): boolean => {
  const [before = '', after] = allowed.split('*');
  if (after === undefined) return allowed === origin;
  return origin.length >= allowed.length - 1 && origin.startsWith(before) && origin.endsWith(after);
};

/** The headers that let a browser page of the request's origin make the call; undefined where no rule does. */
export const corsHeaders = (bucket: Bucket, { method, headers }: S3Request): Headers | undefined => {
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const wanted = headers['access-control-request-method'] ?? method;
  const rule = bucket.cors.find(
    (each) => each.origins.some((allowed) => fits(allowed, origin)) && each.methods.includes(wanted),
  );
  if (!rule) return undefined;
  return {
    'access-control-allow-origin': rule.origins.includes('*') ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    'access-control-expose-headers': rule.exposed.join(', '),
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
};
