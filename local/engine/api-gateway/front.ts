import { appendFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as machineTimeout } from 'node:timers/promises';
import type { JsonObject } from '../../aws/events/pattern.ts';
import { type LocalService, listen } from '../../aws/service.ts';
import type { LocalClock } from '../../clock.ts';
import type { InvocationOutcome } from '../invocation.ts';
import { createAuthorise } from './authorise.ts';
import { type ContextValues, contextOf, type Place, rendered } from './context.ts';
import type { ApiMethod, ApiStage } from './definition.ts';
import { gatewayResponse, type HttpAnswer, type TroubleKind } from './gateway-response.ts';
import { type Match, matchOf } from './match.ts';
import { httpAnswerOf } from './proxy-answer.ts';
import { type AuthorizerContext, proxyEvent } from './proxy-event.ts';
import { type GatewayRequest, requestOf } from './request.ts';
import { createThrottle } from './throttle.ts';

/** Longest request that API Gateway takes. */
const longestRequest = 10 * 2 ** 20;
/** Longest event and longest answer of a function that is waited for. */
const longestEvent = 6 * 2 ** 20;
const longestAnswer = 6_291_556;

export interface ApiSetting {
  readonly stage: ApiStage;
  readonly place: Place;
  readonly clock: LocalClock;
  readonly port?: number;
  /** Gets a line of the stage's own format for each request. */
  readonly accessLog: string;
  /** Told of each request that was answered, for its metrics. `latencyMs` in the machine's time. */
  answered?(status: number, latencyMs: number, at: number): void;
  /** Invokes a function and waits; its limits are in the machine's time, as whoever called waits by that. */
  invoke(functionArn: string, event: JsonObject): Promise<InvocationOutcome>;
}

export interface ApiService extends LocalService {
  /** Where callers begin: `http://127.0.0.1:PORT/{stage}`. */
  readonly url: string;
}

/** A body, or undefined when it is longer than is taken; what is too much is read and dropped, so that the caller can hear of it. */
const bodyOf = async (incoming: IncomingMessage): Promise<Buffer | undefined> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming) {
    length += (part as Buffer).length;
    if (length <= longestRequest) parts.push(part as Buffer);
    else parts.length = 0;
  }
  return length > longestRequest ? undefined : Buffer.concat(parts);
};

type Outcome =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer; readonly known: ContextValues }
  | { readonly kind: 'trouble'; readonly trouble: TroubleKind; readonly known: ContextValues };

/** Status that `$context.authorizer.status` has when it is not 200. */
const authorizerStatus: Partial<Record<TroubleKind, number>> = { UNAUTHORIZED: 401, ACCESS_DENIED: 403 };

/** Serves one stage of a REST API as its template has it. */
export const startApi = async (setting: ApiSetting): Promise<ApiService> => {
  const { stage, place, clock, invoke } = setting;
  const authorise = createAuthorise({ stage, place, clock, invoke });
  const admit = stage.throttle ? createThrottle(stage.throttle, clock) : () => true;
  const admitKey = new Map(
    [...stage.keys].map(([key, throttle]) => [key, throttle ? createThrottle(throttle, clock) : () => true]),
  );

  const trouble = (kind: TroubleKind, known: ContextValues = {}): Outcome => ({
    kind: 'trouble',
    trouble: kind,
    known,
  });

  /** Waits for the function as long as the method says, by the machine's time. */
  const integrate = async (method: ApiMethod, event: JsonObject): Promise<InvocationOutcome | 'too late'> => {
    const answered = new AbortController();
    const overdue = machineTimeout(method.timeoutMs, 'too late' as const, { signal: answered.signal, ref: false });
    try {
      return await Promise.race([invoke(method.functionArn, event), overdue]);
    } finally {
      answered.abort();
      overdue.catch(() => undefined);
    }
  };

  const call = async (
    request: GatewayRequest,
    match: Match,
    method: ApiMethod,
    caller: AuthorizerContext | undefined,
    known: ContextValues,
  ): Promise<Outcome> => {
    const event = proxyEvent(request, stage, match, place, caller);
    if (Buffer.byteLength(JSON.stringify(event)) > longestEvent) return trouble('REQUEST_TOO_LARGE', known);
    const began = performance.now();
    const outcome = await integrate(method, event);
    const integrationLatency = Math.round(performance.now() - began);
    if (outcome === 'too late') return trouble('INTEGRATION_TIMEOUT', { ...known, integrationLatency });
    // Of a function Lambda says 200 even where it failed; that it did stands in the answer.
    const told = { ...known, integrationLatency, integrationStatus: outcome.kind === 'dropped' ? 429 : 200 };
    if (outcome.kind !== 'answered') return trouble('DEFAULT_5XX', told);
    const tooLong = Buffer.byteLength(JSON.stringify(outcome.payload)) > longestAnswer;
    const answer = tooLong ? undefined : httpAnswerOf(outcome.payload);
    return answer ? { kind: 'answer', answer, known: told } : trouble('DEFAULT_5XX', told);
  };

  const handle = async (request: GatewayRequest, match: Match | undefined, tooLong: boolean): Promise<Outcome> => {
    const method = match?.method;
    if (!match || !method) return trouble('MISSING_AUTHENTICATION_TOKEN');
    if (!admit()) return trouble('THROTTLED');
    if (tooLong) return trouble('REQUEST_TOO_LARGE');
    const authorizer = stage.deployment.authorizers.get(method.authorizerId ?? '');
    if (!authorizer) return call(request, match, method, undefined, {});
    const authorised = await authorise(authorizer, request, match);
    if (authorised.kind === 'refused') {
      return trouble(authorised.trouble, { 'authorizer.status': authorizerStatus[authorised.trouble] ?? 500 });
    }
    if (method.needsKey) {
      const admitted = admitKey.get(authorised.usageKey ?? '');
      if (!admitted) return trouble('INVALID_API_KEY', { 'authorizer.status': 200 });
      if (!admitted()) return trouble('THROTTLED', { 'authorizer.status': 200 });
    }
    const ofCaller = Object.entries(authorised.context).map(([name, value]) => [`authorizer.${name}`, value] as const);
    return call(request, match, method, authorised.context, {
      ...Object.fromEntries(ofCaller),
      'authorizer.status': 200,
    });
  };

  const reply = (response: ServerResponse, { status, headers, body }: HttpAnswer, withBody: boolean): void => {
    for (const [name, value] of headers) response.appendHeader(name, value);
    const bytes = Buffer.from(body, 'utf8');
    response.writeHead(status, { 'content-length': bytes.length });
    response.end(withBody ? bytes : undefined);
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = Math.floor(clock.now());
    const began = performance.now();
    const body = await bodyOf(incoming);
    const request = requestOf(incoming, stage.name, at, body ?? Buffer.alloc(0));
    if (!request) {
      // The cloud knows of no API there: not this one's answer, nor its log's concern.
      return reply(
        response,
        { status: 403, headers: [['Content-Type', 'application/json']], body: '{"message":"Forbidden"}' },
        true,
      );
    }
    const match = matchOf(stage.deployment, request.method, request.pathInStage);
    const outcome = await handle(request, match, body === undefined);
    const context = { ...contextOf(request, stage, place, match), ...outcome.known };
    const { answer, error } =
      outcome.kind === 'answer'
        ? { answer: outcome.answer, error: {} }
        : gatewayResponse(outcome.trouble, { request, stage, match, context });
    const own: HttpAnswer['headers'] = [
      ['x-amzn-RequestId', request.requestId],
      ['x-amz-apigw-id', request.extendedRequestId],
    ];
    const latencyMs = Math.round(performance.now() - began);
    if (stage.accessLogFormat !== undefined) {
      const facts = {
        ...context,
        ...error,
        status: answer.status,
        responseLength: Buffer.byteLength(answer.body),
        responseLatency: latencyMs,
      };
      appendFileSync(setting.accessLog, `${rendered(stage.accessLogFormat, facts, stage.variables, '-')}\n`);
    }
    setting.answered?.(answer.status, latencyMs, at);
    reply(response, { ...answer, headers: [...own, ...answer.headers] }, request.method !== 'HEAD');
  };

  const service = await listen((incoming, response) => {
    serve(incoming, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  }, setting.port);
  return { endpoint: service.endpoint, url: `${service.endpoint}/${stage.name}`, close: service.close };
};
