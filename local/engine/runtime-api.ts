import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { type Json, parseJson } from '../aws/events/pattern.ts';
import { type LocalService, listen, readAll } from '../aws/service.ts';
import type { FunctionError } from './invocation.ts';

/** One event on its way into a function's process. */
export interface Invocation {
  readonly requestId: string;
  readonly event: Json;
  /** Epoch ms of the engine's clock. */
  readonly deadline: number;
  readonly functionArn: string;
  readonly traceId: string;
}

export interface Answer {
  readonly requestId: string;
  readonly result: { readonly payload: Json } | { readonly error: FunctionError };
  /** The process's largest size so far. */
  readonly maxMemoryKib: number;
}

/** What one process of a function tells. */
export interface RuntimeListener {
  /** It asks for its next event. */
  onReady(): void;
  onInitError(error: FunctionError): void;
  onAnswer(answer: Answer): void;
}

export interface RuntimeApi {
  /** `127.0.0.1:PORT`, as AWS_LAMBDA_RUNTIME_API has it. */
  readonly address: string;
  /** Answers the process's pending or next request for an event. */
  give(invocation: Invocation): void;
  close: LocalService['close'];
}

const reported = z.object({ errorType: z.string().catch('Error'), errorMessage: z.string().catch('') });

const errorIn = (body: string): FunctionError => {
  try {
    return reported.parse(JSON.parse(body));
  } catch {
    return { errorType: 'Error', errorMessage: 'The function reported an error that is no JSON' };
  }
};

const answerPath = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/;

/** The Lambda Runtime API of one process (version 2018-06-01): next, response, error, init/error. */
export const startRuntimeApi = async (listener: RuntimeListener): Promise<RuntimeApi> => {
  let pending: Invocation | undefined;
  let asking: ServerResponse | undefined;

  const serveNext = (): void => {
    if (!pending || !asking) return;
    const { requestId, event, deadline, functionArn, traceId } = pending;
    asking.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(Math.floor(deadline)),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': traceId,
    });
    asking.end(JSON.stringify(event));
    pending = undefined;
    asking = undefined;
  };

  const accepted = (response: ServerResponse): void => {
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end('{"status":"OK"}');
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    if (path === '/2018-06-01/runtime/invocation/next') {
      asking = response;
      listener.onReady();
      serveNext();
      return;
    }
    const body = (await readAll(request)).toString('utf8');
    const [, requestId, kind] = answerPath.exec(path) ?? [];
    if (requestId !== undefined) {
      const result = kind === 'error' ? { error: errorIn(body) } : { payload: parseJson(body) };
      listener.onAnswer({ requestId, result, maxMemoryKib: Number(request.headers['local-max-memory-kib'] ?? 0) });
      accepted(response);
      return;
    }
    if (path === '/2018-06-01/runtime/init/error') {
      listener.onInitError(errorIn(body));
      accepted(response);
      return;
    }
    response.writeHead(404);
    response.end();
  };

  const { endpoint, close } = await listen((request, response) => {
    // A process that was killed while it spoke has nobody to answer.
    handle(request, response).catch(() => response.destroy());
  });
  return {
    address: endpoint.replace('http://', ''),
    give(invocation) {
      pending = invocation;
      serveNext();
    },
    close,
  };
};
