import { z } from 'zod';
import type { Clock } from '../../../shared/platform/clock.ts';
import type { Json, JsonObject } from '../../aws/events/pattern.ts';
import type { InvocationOutcome } from '../invocation.ts';
import { evaluate, policyDocument, type Statement, statementsOf } from '../statements.ts';
import type { Place } from './context.ts';
import type { ApiAuthorizer, ApiStage } from './definition.ts';
import type { TroubleKind } from './gateway-response.ts';
import type { Match } from './match.ts';
import { type AuthorizerContext, authorizerRequestEvent, methodArnOf } from './proxy-event.ts';
import { type GatewayRequest, headerValue } from './request.ts';

export type Authorisation =
  | { readonly kind: 'allowed'; readonly context: AuthorizerContext; readonly usageKey: string | undefined }
  | { readonly kind: 'refused'; readonly trouble: TroubleKind };

/** What an authoriser's function says: a policy over the whole API, kept for the next request of the same caller. */
interface Verdict {
  readonly statements: readonly Statement[];
  readonly context: AuthorizerContext;
  /** Whose limit counts: the value of an API key. */
  readonly usageKey: string | undefined;
}

const answer = z.object({
  principalId: z.string(),
  policyDocument,
  usageIdentifierKey: z.string().nullish(),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

export interface AuthoriseSetting {
  readonly clock: Pick<Clock, 'now'>;
  readonly stage: ApiStage;
  readonly place: Place;
  invoke(functionArn: string, event: JsonObject): Promise<InvocationOutcome>;
}

const refused = (trouble: TroubleKind): Authorisation => ({ kind: 'refused', trouble });

/** Where an authoriser reads who is calling; undefined where it is not there, empty counting as not. */
const identityOf = (source: string, request: GatewayRequest, stage: ApiStage): string | undefined => {
  const [, from, name = ''] =
    /^(method\.request\.header|method\.request\.querystring|stageVariables)\.(.+)$/.exec(source) ?? [];
  const value =
    from === 'method.request.header'
      ? headerValue(request.headers, name)
      : from === 'method.request.querystring'
        ? request.query.findLast(([each]) => each === name)?.[1]
        : stage.variables[name];
  return value === '' ? undefined : value;
};

const verdictOf = (payload: Json): Verdict | undefined => {
  const parsed = answer.safeParse(payload);
  if (!parsed.success) return undefined;
  const { principalId, policyDocument: document, context, usageIdentifierKey } = parsed.data;
  const strings = Object.entries(context).map(([name, value]) => [name, String(value)] as const);
  return {
    statements: statementsOf(document),
    context: { ...Object.fromEntries(strings), principalId },
    usageKey: usageIdentifierKey ?? undefined,
  };
};

/** Kept answers are dropped when there are so many; the cloud keeps them as long as it likes too. */
const mostKept = 1000;

/** Asks an authoriser about a request, or remembers what it said of the same caller. */
export const createAuthorise = ({ clock, stage, place, invoke }: AuthoriseSetting) => {
  const kept = new Map<string, { readonly until: number; readonly verdict: Verdict }>();

  const ask = async (
    authorizer: ApiAuthorizer,
    request: GatewayRequest,
    match: Match,
    token: string,
  ): Promise<Verdict | TroubleKind> => {
    const methodArn = methodArnOf(request, stage, place);
    const event =
      authorizer.type === 'TOKEN'
        ? { type: 'TOKEN', methodArn, authorizationToken: token }
        : authorizerRequestEvent(request, stage, match, place, methodArn);
    const outcome = await invoke(authorizer.functionArn, event);
    if (outcome.kind === 'answered') return verdictOf(outcome.payload) ?? 'AUTHORIZER_CONFIGURATION_ERROR';
    return outcome.kind === 'failed' && outcome.errorMessage === 'Unauthorized' ? 'UNAUTHORIZED' : 'AUTHORIZER_FAILURE';
  };

  return async (authorizer: ApiAuthorizer, request: GatewayRequest, match: Match): Promise<Authorisation> => {
    const found = authorizer.identitySources.map((source) => identityOf(source, request, stage));
    const identities = found.filter((value) => value !== undefined);
    if (identities.length < found.length) return refused('UNAUTHORIZED');
    const [token = ''] = identities;
    if (authorizer.validation && !authorizer.validation.test(token)) return refused('UNAUTHORIZED');

    const key = JSON.stringify([authorizer.id, identities]);
    const now = clock.now();
    const remembered = authorizer.ttlMs > 0 ? kept.get(key) : undefined;
    let verdict = remembered && remembered.until > now ? remembered.verdict : undefined;
    if (!verdict) {
      const said = await ask(authorizer, request, match, token);
      if (typeof said === 'string') return refused(said);
      verdict = said;
      if (kept.size >= mostKept) kept.clear();
      if (authorizer.ttlMs > 0) kept.set(key, { until: clock.now() + authorizer.ttlMs, verdict });
    }
    const { allowed } = evaluate(verdict.statements, 'execute-api:Invoke', methodArnOf(request, stage, place));
    const { context, usageKey } = verdict;
    return allowed ? { kind: 'allowed', context, usageKey } : refused('ACCESS_DENIED');
  };
};
