import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaledClock } from '../../../../local/clock.ts';
import { grant } from '../../../../local/issuer/grant.ts';
import { type Issuer, startIssuer } from '../../../../local/issuer/issuer.ts';

const client = { clientId: 'a-client', clientSecret: 'p&ss:word', scopes: ['x/read', 'x/submit'] };

describe('the grant', () => {
  const clients = new Map([[client.clientId, client]]);
  const request = { grantType: 'client_credentials', clientId: client.clientId, clientSecret: client.clientSecret };

  it('gives all that the client may have, or the part that it asks for', () => {
    expect(grant(request, clients)).toMatchObject({ kind: 'granted', scope: 'x/read x/submit' });
    expect(grant({ ...request, scope: 'x/submit' }, clients)).toMatchObject({ scope: 'x/submit' });
  });

  it.each([
    [{ clientId: 'another' }, 'invalid_client', 401],
    [{ clientSecret: '' }, 'invalid_client', 401],
    [{ grantType: '' }, 'invalid_request', 400],
    [{ grantType: 'password' }, 'unsupported_grant_type', 400],
    [{ scope: 'x/read x/everything' }, 'invalid_scope', 400],
  ])('is refused: %j', (change, error, status) => {
    expect(grant({ ...request, ...change }, clients)).toEqual({ kind: 'refused', error, status });
  });
});

describe('the issuer', () => {
  const clock = scaledClock(20, Date.UTC(2031, 5, 1));
  let issuer: Issuer;
  beforeAll(async () => {
    issuer = await startIssuer({ clock, audience: 'send-document' });
    issuer.register(client);
  });
  afterAll(() => issuer?.close());

  const ask = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(issuer.tokenUrl, { method: 'POST', headers, body: new URLSearchParams(form) });

  it('says where its keys and tokens are', async () => {
    const response = await fetch(`${issuer.issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      issuer: issuer.issuer,
      jwks_uri: issuer.jwksUrl,
      token_endpoint: issuer.tokenUrl,
    });
  });

  it('gives a token that its published key proves, by the run’s clock', async () => {
    const basic = Buffer.from('a-client:p%26ss%3Aword').toString('base64');
    const response = await ask({ grant_type: 'client_credentials' }, { authorization: `Basic ${basic}` });
    expect(response.status).toBe(200);
    const body = (await response.json()) as { access_token: string; token_type: string; expires_in: number };
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 });
    const { payload } = await jwtVerify(body.access_token, createRemoteJWKSet(new URL(issuer.jwksUrl)), {
      issuer: issuer.issuer,
      audience: 'send-document',
      currentDate: new Date(clock.now()),
    });
    expect(payload).toMatchObject({ client_id: 'a-client', scope: 'x/read x/submit', token_use: 'access' });
  });

  it('takes credentials in the form too, and refuses wrong ones', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'a-client' };
    expect((await ask({ ...form, client_secret: client.clientSecret })).status).toBe(200);
    const refused = await ask({ ...form, client_secret: 'wrong' });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual({ error: 'invalid_client' });
    expect((await fetch(`${issuer.issuer}/elsewhere`)).status).toBe(404);
  });

  it('publishes no private key', async () => {
    const { keys } = (await (await fetch(issuer.jwksUrl)).json()) as { keys: Record<string, string>[] };
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect(() => createLocalJWKSet({ keys } as JSONWebKeySet)).not.toThrow();
  });

  it('signs what a test asks for, claims taken away too', async () => {
    const token = await issuer.sign({ client_id: 'other', exp: undefined, aud: 'elsewhere' });
    const payload = decodeJwt(token);
    expect(payload).toMatchObject({ client_id: 'other', aud: 'elsewhere', iss: issuer.issuer });
    expect(payload.exp).toBeUndefined();
  });
});
