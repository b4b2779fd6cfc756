/** A client as the issuer knows it: what it proves itself by, and what it may ask for. */
export interface IssuerClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

export interface GrantRequest {
  readonly grantType: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Absent: all that the client may have. */
  readonly scope?: string;
}

export type Grant =
  | { readonly kind: 'granted'; readonly clientId: string; readonly scope: string }
  | { readonly kind: 'refused'; readonly status: 400 | 401; readonly error: string };

/** Whether a client gets a token, in the words of RFC 6749 (4.4 and 5.2). */
export const grant = (request: GrantRequest, clients: ReadonlyMap<string, IssuerClient>): Grant => {
  const refused = (error: string, status: 400 | 401 = 400): Grant => ({ kind: 'refused', status, error });
  const client = clients.get(request.clientId);
  if (!client || client.clientSecret !== request.clientSecret) return refused('invalid_client', 401);
  if (request.grantType === '') return refused('invalid_request');
  if (request.grantType !== 'client_credentials') return refused('unsupported_grant_type');
  const asked = request.scope?.split(' ').filter((scope) => scope !== '') ?? client.scopes;
  if (!asked.every((scope) => client.scopes.includes(scope))) return refused('invalid_scope');
  return { kind: 'granted', clientId: client.clientId, scope: asked.join(' ') };
};
