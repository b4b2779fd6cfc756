import type { JWTVerifyGetKey } from 'jose';
import type { Clock } from '../platform/clock.ts';
import type { Log, LogFields } from '../platform/log.ts';
import type { Table } from '../platform/table.ts';
import type { ClientItem } from './client.ts';
import { readClient } from './registry.ts';
import { readToken, type TokenReading, type TokenSettings } from './token.ts';

export interface AuthoriseContext {
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
  readonly stage: string;
  readonly keys: JWTVerifyGetKey;
  readonly token: TokenSettings;
}

/** Who calls, for which organisation, and what both the token and the registry let it do. */
export interface Caller {
  readonly clientId: string;
  readonly odsCode: string;
  readonly scopes: readonly string[];
}

export type Authorisation =
  | { readonly kind: 'caller'; readonly caller: Caller }
  /** No token of ours: nobody is known. */
  | { readonly kind: 'unauthorised'; readonly why: string; readonly clientId?: string }
  /** Known, but of no organisation, or let in no more. */
  | { readonly kind: 'unregistered'; readonly clientId: string; readonly why: 'not registered' | 'deactivated' };

/** The organisation comes from the registry and never from the request. */
export const decideCaller = (token: TokenReading, client: ClientItem | undefined): Authorisation => {
  if (token.kind === 'refused') return { ...token, kind: 'unauthorised' };
  const { clientId } = token;
  if (!client) return { kind: 'unregistered', clientId, why: 'not registered' };
  if (client.deactivated) return { kind: 'unregistered', clientId, why: 'deactivated' };
  const { odsCode, scopes } = client.setting;
  return { kind: 'caller', caller: { clientId, odsCode, scopes: scopes.filter((one) => token.scopes.includes(one)) } };
};

/** Throws only where keys or table cannot be had: the gateway then answers that it is our fault. `ids` are for the log. */
export const authorise = async (
  context: AuthoriseContext,
  authorization: string | undefined,
  ids: Pick<LogFields, 'requestId' | 'correlationId' | 'gatewayRequestId'>,
): Promise<Authorisation> => {
  const { table, clock, log } = context;
  const token = await readToken(authorization, context.token, context.keys, clock.now());
  const client = token.kind === 'token' ? await readClient(table, token.clientId) : undefined;
  const decided = decideCaller(token, client);
  switch (decided.kind) {
    case 'unauthorised':
      log.warn('TOKEN_REFUSED', {
        ...ids,
        why: decided.why,
        ...(decided.clientId === undefined ? {} : { clientId: decided.clientId }),
      });
      break;
    case 'unregistered':
      log.warn('CLIENT_NOT_REGISTERED', { ...ids, clientId: decided.clientId, why: decided.why });
      break;
    case 'caller':
      log.info('CALLER_KNOWN', { ...ids, clientId: decided.caller.clientId, odsCode: decided.caller.odsCode });
  }
  return decided;
};
