import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { isNobodys } from '../platform/issuer-address.ts';
import { clientId } from './client.ts';

/** Whose tokens are taken. */
export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly leewaySeconds: number;
}

export type TokenReading =
  | { readonly kind: 'token'; readonly clientId: string; readonly scopes: readonly string[] }
  /**
   * `why` is ours and says nothing of the token but what is wrong with it. The client only where the signature is the
   * issuer's: what anybody could write is not repeated.
   */
  | { readonly kind: 'refused'; readonly why: string; readonly clientId?: string };

/** Asymmetric only: with these a public key can never be taken for a shared secret, and `none` is no algorithm. */
const algorithms = ['RS256', 'PS256', 'ES256'];

/** The issuer's keys: fetched when first needed, again when a token names one that is not among them. */
export const issuerKeys = (jwksUrl: string): JWTVerifyGetKey => createRemoteJWKSet(new URL(jwksUrl));

const claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  client_id: clientId.optional(),
  azp: clientId.optional(),
  scope: z.string().optional(),
  token_use: z.string().optional(),
});

const refused = (why: string, signed?: JWTPayload): TokenReading => {
  const client = clientId.safeParse(signed?.client_id ?? signed?.azp).data;
  return { kind: 'refused', why, ...(client === undefined ? {} : { clientId: client }) };
};

/** What jose says of a token; anything else (no keys to be had, say) is a fault on our side and is thrown on. */
const refusalOf = (error: unknown): TokenReading => {
  const refusals = [
    errors.JWTExpired,
    errors.JWTClaimValidationFailed,
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ];
  if (!refusals.some((refusal) => error instanceof refusal)) throw error;
  const { code } = error as errors.JOSEError;
  // Claims are looked at when the signature is found right. Only the claim's name: its value is the token's text.
  if (error instanceof errors.JWTClaimValidationFailed) return refused(`${code} ${error.claim}`, error.payload);
  return error instanceof errors.JWTExpired ? refused(code, error.payload) : refused(code);
};

/**
 * A token for somebody else is none for us. Cognito's access tokens name no audience, but their scopes name the resource
 * server that they are for: one that bears the audience's name is ours.
 */
const isForUs = ({ aud, token_use, scope }: z.infer<typeof claims>, audience: string): boolean => {
  if (aud !== undefined) return [aud].flat().includes(audience);
  return token_use === 'access' && scopesOf(scope).some((word) => word.startsWith(`${audience}/`));
};

const scopesOf = (scope = ''): string[] => scope.split(' ').filter((word) => word !== '');

const readClaims = (payload: JWTPayload, audience: string): TokenReading => {
  const read = claims.safeParse(payload);
  if (!read.success) return refused('claims of another form');
  if (read.data.token_use !== undefined && read.data.token_use !== 'access') return refused('no access token', payload);
  if (!isForUs(read.data, audience)) return refused('another audience', payload);
  // `client_id` is RFC 9068's and Cognito's, `azp` OpenID Connect's.
  const id = read.data.client_id ?? read.data.azp;
  return id === undefined
    ? refused('names no client')
    : { kind: 'token', clientId: id, scopes: scopesOf(read.data.scope) };
};

/** Reads an Authorization header. Throws only where the issuer's keys cannot be had. `now` in epoch ms. */
export const readToken = async (
  authorization: string | undefined,
  { issuer, audience, leewaySeconds }: TokenSettings,
  keys: JWTVerifyGetKey,
  now: number,
): Promise<TokenReading> => {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? '') ?? [];
  if (token === undefined) return refused('no bearer token');
  // Nobody's tokens are taken, and no keys need be asked for: no outage, and nothing that will pass.
  if (isNobodys(issuer)) return refused('no issuer is configured');
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      algorithms,
      clockTolerance: leewaySeconds,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
    });
    return readClaims(payload, audience);
  } catch (error) {
    return refusalOf(error);
  }
};
