import { type ContextValues, rendered } from './context.ts';
import type { ApiStage, GatewayAnswer } from './definition.ts';
import type { Match } from './match.ts';
import { type GatewayRequest, headerValue } from './request.ts';

interface Trouble {
  readonly status: number;
  readonly message: string | null;
  readonly errorType: string;
}

/** Every kind of trouble in which the gateway answers by itself here, with what the cloud says where the template says nothing. */
export const troubles = {
  ACCESS_DENIED: {
    status: 403,
    message: 'User is not authorized to access this resource',
    errorType: 'AccessDeniedException',
  },
  AUTHORIZER_CONFIGURATION_ERROR: { status: 500, message: null, errorType: 'AuthorizerConfigurationException' },
  AUTHORIZER_FAILURE: { status: 500, message: null, errorType: 'AuthorizerFailureException' },
  INVALID_API_KEY: { status: 403, message: 'Forbidden', errorType: 'ForbiddenException' },
  INTEGRATION_FAILURE: {
    status: 504,
    message: 'Network error communicating with endpoint',
    errorType: 'InternalServerErrorException',
  },
  INTEGRATION_TIMEOUT: {
    status: 504,
    message: 'Endpoint request timed out',
    errorType: 'InternalServerErrorException',
  },
  MISSING_AUTHENTICATION_TOKEN: {
    status: 403,
    message: 'Missing Authentication Token',
    errorType: 'MissingAuthenticationTokenException',
  },
  REQUEST_TOO_LARGE: { status: 413, message: 'Request Too Long', errorType: 'RequestTooLargeException' },
  THROTTLED: { status: 429, message: 'Too Many Requests', errorType: 'TooManyRequestsException' },
  UNAUTHORIZED: { status: 401, message: 'Unauthorized', errorType: 'UnauthorizedException' },
  // What a function that failed, or that answered in no form of an answer, comes to.
  DEFAULT_5XX: { status: 502, message: 'Internal server error', errorType: 'InternalServerErrorException' },
} as const satisfies Record<string, Trouble>;
export type TroubleKind = keyof typeof troubles;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** The template's answer to a kind of trouble, or to all of its class. */
const answerFor = (stage: ApiStage, kind: TroubleKind): GatewayAnswer | undefined => {
  const { answers } = stage.deployment;
  return answers.get(kind) ?? answers.get(troubles[kind].status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX');
};

/** `'static'`, `context.…`, `method.request.{header,querystring,path}.…`; undefined where that is not there. */
const parameterValue = (
  expression: string,
  request: GatewayRequest,
  match: Match | undefined,
  context: ContextValues,
): string | undefined => {
  const [, literal] = /^'(.*)'$/s.exec(expression) ?? [];
  if (literal !== undefined) return literal;
  const [, variable] = /^context\.(.+)$/.exec(expression) ?? [];
  if (variable !== undefined) return context[variable]?.toString();
  const [, from, name = ''] = /^method\.request\.(header|querystring|path)\.(.+)$/.exec(expression) ?? [];
  if (from === 'header') return headerValue(request.headers, name);
  if (from === 'querystring') return request.query.findLast(([each]) => each === name)?.[1];
  return from === 'path' ? match?.parameters[name] : undefined;
};

const headerPrefix = 'gatewayresponse.header.';

/** What the caller hears, and the `$context.error` values that go with it. */
export const gatewayResponse = (
  kind: TroubleKind,
  {
    request,
    stage,
    match,
    context,
  }: { request: GatewayRequest; stage: ApiStage; match: Match | undefined; context: ContextValues },
): { answer: HttpAnswer; error: ContextValues } => {
  const { message, errorType } = troubles[kind];
  const chosen = answerFor(stage, kind);
  const status = chosen?.status ?? troubles[kind].status;
  const error = {
    'error.message': message ?? undefined,
    'error.messageString': JSON.stringify(message),
    'error.responseType': kind,
    status,
  };
  const all = { ...context, ...error };
  const parameters = Object.entries(chosen?.parameters ?? {}).flatMap(([name, expression]): [string, string][] => {
    const value = parameterValue(expression, request, match, all);
    return value === undefined || !name.startsWith(headerPrefix) ? [] : [[name.slice(headerPrefix.length), value]];
  });
  const templates = chosen?.templates ?? {};
  const template =
    templates['application/json'] ?? Object.values(templates)[0] ?? '{"message":$context.error.messageString}';
  const named = parameters.some(([name]) => name.toLowerCase() === 'content-type');
  return {
    error,
    answer: {
      status,
      headers: [
        ...(named ? [] : [['Content-Type', 'application/json'] as const]),
        ['x-amzn-ErrorType', errorType],
        ...parameters,
      ],
      body: rendered(template, all, stage.variables, ''),
    },
  };
};
