import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { LocalClock } from '../clock.ts';
import { readAll, requestId, ServiceError, type ServiceSetting } from './service.ts';
import { type Caller, verifySignature } from './sigv4.ts';

/** What an operation may know beside its input. */
export interface CallContext {
  readonly caller: Caller;
  /** `127.0.0.1:PORT`, as the client addressed the service. */
  readonly host: string;
  /** Aborts when the client goes away before it has its answer. */
  readonly gone: AbortSignal;
}

/** A call whose input was understood: what IAM is asked, and how to run it. */
export interface PreparedCall {
  /** ARN that the call is about. */
  readonly resource: string;
  run(context: CallContext): object | Promise<object>;
}

export interface Operation {
  /** IAM action without its service, where it is not the operation's own name. */
  readonly action?: string;
  /** Throws a ZodError where the input has not this operation's shape. */
  prepare(input: unknown): PreparedCall;
}

/** Binds an input schema to what happens with it, so that no operation sees an unchecked input. */
export const operation = <S extends z.ZodType>(
  input: S,
  call: {
    action?: string;
    resource: (input: z.output<S>) => string;
    run: (input: z.output<S>, context: CallContext) => object | Promise<object>;
  },
): Operation => ({
  ...(call.action === undefined ? {} : { action: call.action }),
  prepare: (raw) => {
    const parsed = input.parse(raw);
    return { resource: call.resource(parsed), run: (context) => call.run(parsed, context) };
  },
});

/** Aborts when the connection closes with no answer sent. */
export const goneSignal = (response: ServerResponse): AbortSignal => {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableEnded) gone.abort();
  });
  return gone.signal;
};

/** The signature checked against the body's own hash, which these services' clients do not send. */
export const authenticate = (request: IncomingMessage, body: Buffer, setting: ServiceSetting): Caller =>
  verifySignature(request, setting.identities, setting.clock, createHash('sha256').update(body).digest('hex'));

/**
 * SDK clients correct their own clock by this header when it is far from theirs, so it must show the service's time,
 * not the machine's.
 */
export const dateHeader = (clock: LocalClock): { date: string } => ({ date: new Date(clock.now()).toUTCString() });

/** One slice of a list and the token of the next: tokens are positions. */
export const page = <T>(
  items: readonly T[],
  size: number,
  token: string | undefined,
): { items: T[]; next?: string } => {
  const start = Number(token ?? 0);
  const end = start + size;
  return { items: items.slice(start, end), ...(end < items.length ? { next: String(end) } : {}) };
};

interface JsonProtocol {
  readonly setting: ServiceSetting;
  /** `application/x-amz-json-1.0` or `…-1.1`. */
  readonly contentType: string;
  /** IAM's name of the service, such as `sqs`. */
  readonly service: string;
  readonly operations: ReadonlyMap<string, Operation>;
  /** The service's own error for an input that has not the operation's shape. */
  invalid(error: z.ZodError): ServiceError;
  /** The service's own error for an operation that it does not have. */
  unknown(operation: string): ServiceError;
  /** What `__type` and further headers say of an error. */
  describe(error: ServiceError): { type: string; headers?: Readonly<Record<string, string>> };
}

/** Told by name, as every copy of zod names its errors. */
export const isZodError = (error: unknown): error is z.ZodError => error instanceof Error && error.name === 'ZodError';

const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8') || '{}');
  } catch {
    throw new ServiceError('SerializationException', 'The request body is not JSON.');
  }
};

/** Serves the awsJson protocols: one POST per call, the operation's name in `X-Amz-Target`. */
export const jsonListener = (protocol: JsonProtocol): RequestListener => {
  const { setting, service } = protocol;

  const answer = async (request: IncomingMessage, gone: AbortSignal): Promise<object> => {
    const body = await readAll(request);
    const caller = authenticate(request, body, setting);
    const name = String(request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    const known = protocol.operations.get(name);
    if (!known) throw protocol.unknown(name);
    const call = known.prepare(parseJson(body));
    setting.observe?.({
      accessKeyId: caller.accessKeyId,
      action: `${service}:${known.action ?? name}`,
      resource: call.resource,
    });
    return call.run({ caller, host: request.headers.host ?? '127.0.0.1', gone });
  };

  const faultOf = (error: unknown): ServiceError => {
    if (error instanceof ServiceError) return error;
    if (isZodError(error)) return protocol.invalid(error);
    return new ServiceError('InternalFailure', error instanceof Error ? error.message : 'Internal failure', 500);
  };

  return (request, response) => {
    const reply = (status: number, content: object, headers: Readonly<Record<string, string>> = {}) => {
      const bytes = Buffer.from(JSON.stringify(content));
      response.writeHead(status, {
        'content-type': protocol.contentType,
        'content-length': bytes.length,
        'x-amzn-requestid': requestId(),
        ...dateHeader(setting.clock),
        ...headers,
      });
      response.end(bytes);
    };
    answer(request, goneSignal(response)).then(
      (content) => reply(200, content),
      (error: unknown) => {
        const fault = faultOf(error);
        const { type, headers } = protocol.describe(fault);
        reply(fault.status, { __type: type, message: fault.message, ...fault.detail }, headers);
      },
    );
  };
};
