import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type RequestListener, STATUS_CODES } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { hours } from '../../shared/platform/clock.ts';
import { type LocalService, listen, readAll } from '../aws/service.ts';
import type { LocalClock } from '../clock.ts';
import { type GrantRequest, grant, type IssuerClient } from './grant.ts';

export interface IssuerSetting {
  readonly clock: LocalClock;
  /** What tokens are for: their `aud`. */
  readonly audience: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** How long a token lasts, by the clock. */
  readonly lifetimeMs?: number;
}

/** A throw-away OIDC issuer, with a key pair of its own, that knows the client credentials grant and nothing else. */
export interface Issuer extends LocalService {
  /** What `iss` says: its own address. */
  readonly issuer: string;
  readonly tokenUrl: string;
  readonly jwksUrl: string;
  /** From now on it gives this client tokens. */
  register(client: IssuerClient): void;
  /** Signs whatever it is given, for tests: claims take the place of, or `undefined` takes away, what a token has. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

const algorithm = 'RS256';

/** Client id and secret, from the header or the form; RFC 6749, 2.3.1. */
const credentialsOf = (
  request: IncomingMessage,
  form: URLSearchParams,
): Pick<GrantRequest, 'clientId' | 'clientSecret'> => {
  const [, basic] = /^Basic +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (basic === undefined) {
    return { clientId: form.get('client_id') ?? '', clientSecret: form.get('client_secret') ?? '' };
  }
  const [id = '', ...secret] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  const plain = (text: string) => new URLSearchParams(`x=${text}`).get('x') ?? '';
  return { clientId: plain(id), clientSecret: plain(secret.join(':')) };
};

export const startIssuer = async (setting: IssuerSetting): Promise<Issuer> => {
  const { clock, audience, port, lifetimeMs = hours(24) } = setting;
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  const clients = new Map<string, IssuerClient>();

  const sign = async (claims: Readonly<Record<string, unknown>>): Promise<string> => {
    const iat = Math.floor(clock.now() / 1000);
    const all = {
      iss: service.endpoint,
      aud: audience,
      iat,
      exp: iat + lifetimeMs / 1000,
      jti: randomUUID(),
      ...claims,
    };
    // A claim that is undefined is not written.
    return new SignJWT(all as JWTPayload).setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt' }).sign(privateKey);
  };

  const token = async (request: IncomingMessage): Promise<{ status: number; content: object }> => {
    const form = new URLSearchParams((await readAll(request)).toString('utf8'));
    const granted = grant(
      {
        grantType: form.get('grant_type') ?? '',
        ...credentialsOf(request, form),
        ...(form.has('scope') ? { scope: form.get('scope') ?? '' } : {}),
      },
      clients,
    );
    if (granted.kind === 'refused') return { status: granted.status, content: { error: granted.error } };
    const { clientId, scope } = granted;
    const accessToken = await sign({ sub: clientId, client_id: clientId, scope, token_use: 'access' });
    return {
      status: 200,
      content: { access_token: accessToken, token_type: 'Bearer', expires_in: lifetimeMs / 1000, scope },
    };
  };

  const answer = async (request: IncomingMessage): Promise<{ status: number; content: object }> => {
    const { method = 'GET' } = request;
    const [path] = (request.url ?? '/').split('?');
    switch (`${method} ${path}`) {
      case 'POST /oauth2/token':
        return token(request);
      case 'GET /.well-known/jwks.json':
        return { status: 200, content: { keys: [jwk] } };
      case 'GET /.well-known/openid-configuration':
        return {
          status: 200,
          content: {
            issuer: service.endpoint,
            token_endpoint: `${service.endpoint}/oauth2/token`,
            jwks_uri: `${service.endpoint}/.well-known/jwks.json`,
            grant_types_supported: ['client_credentials'],
            token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
            id_token_signing_alg_values_supported: [algorithm],
          },
        };
      default:
        return { status: 404, content: { error: STATUS_CODES[404] } };
    }
  };

  const serve: RequestListener = (request, response) => {
    answer(request)
      .catch(() => ({ status: 500, content: { error: 'server_error' } }))
      .then(({ status, content }) => {
        response.writeHead(status, {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          ...(status === 401 ? { 'www-authenticate': 'Basic' } : {}),
        });
        response.end(JSON.stringify(content));
      });
  };
  const service = await listen(serve, port);
  return {
    endpoint: service.endpoint,
    close: service.close,
    issuer: service.endpoint,
    tokenUrl: `${service.endpoint}/oauth2/token`,
    jwksUrl: `${service.endpoint}/.well-known/jwks.json`,
    register: (client) => void clients.set(client.clientId, client),
    sign,
  };
};
