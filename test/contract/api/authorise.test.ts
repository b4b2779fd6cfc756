import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authoriseHandler } from '../../../lambdas/authorise/handler.ts';
import { leapingClock } from '../../../local/clock.ts';
import type { AuthoriseContext } from '../../../shared/callers/authorise.ts';
import { clientFile } from '../../../shared/callers/client.ts';
import { switchClientActive } from '../../../shared/callers/registry.ts';
import { issuerKeys } from '../../../shared/callers/token.ts';
import { laneKey, laneOf } from '../../../shared/platform/api-lanes.ts';
import type { Log } from '../../../shared/platform/log.ts';
import { putClient } from '../../support/registry.ts';
import { createRig, type Rig } from '../../support/rig.ts';

/** The authoriser on real keys, fetched over HTTP from an issuer that this test is. */

const issuer = 'https://issuer.example';
const audience = 'send-document';
const scope = 'send-document/submit send-document/read other/thing';
const clock = leapingClock();
const now = () => Math.floor(clock.now() / 1000);
const methodArn = 'arn:aws:execute-api:eu-west-2:000000000000:abc123/api/GET/v1/documents/1';

const generate = (algorithm: string) => generateKeyPair(algorithm, { extractable: true });
type Claims = Readonly<Record<string, unknown>>;
type Keys = Awaited<ReturnType<typeof generate>>;
let rsa: Keys;
let ec: Keys;
let pss: Keys;
let rsa512: Keys;
let stranger: Keys;
let rig: Rig;
let down = false;
const lines: string[] = [];
const write =
  (level: string) =>
  (code: string, fields: object = {}) =>
    void lines.push(JSON.stringify({ level, code, ...fields }));
const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };
let jwksUrl = '';
const server = createServer(async (_, response) => {
  if (down) return response.writeHead(500).end();
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', use: 'sig' },
    { ...(await exportJWK(pss.publicKey)), kid: 'pss', use: 'sig' },
    { ...(await exportJWK(rsa512.publicKey)), kid: 'rsa512', use: 'sig' },
  ];
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
});

const contextOf = (): AuthoriseContext => ({
  table: rig.table,
  clock,
  log,
  stage: 'test',
  keys: issuerKeys(jwksUrl),
  token: { issuer, audience, leewaySeconds: 30 },
});
let context: AuthoriseContext;

beforeAll(async () => {
  [rsa, ec, pss, rsa512, stranger, rig] = await Promise.all([
    generate('RS256'),
    generate('ES256'),
    generate('PS256'),
    generate('RS512'),
    generate('RS256'),
    createRig(),
  ]);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  context = contextOf();
  await putClient(rig.table, clientFile.parse({ clientId: 'client-1', odsCode: 'RX1' }));
  await putClient(rig.table, clientFile.parse({ clientId: 'reader', odsCode: 'RX1', scopes: ['send-document/read'] }));
});
beforeEach(() => lines.splice(0));
afterAll(async () => {
  await new Promise((closed) => server.close(closed));
  await rig.close();
});

const claims = (over: Claims = {}): Claims => ({
  iss: issuer,
  aud: audience,
  sub: 'client-1',
  client_id: 'client-1',
  scope,
  iat: now(),
  exp: now() + 300,
  ...over,
});
/** Undefined takes a claim out. */
const sign = (
  payload: Claims,
  { alg = 'RS256', kid = 'rsa', key = rsa.privateKey }: { alg?: string; kid?: string; key?: Keys['privateKey'] } = {},
) => new SignJWT(JSON.parse(JSON.stringify(payload))).setProtectedHeader({ alg, kid }).sign(key);

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (header: object, payload: Claims, signature = '') =>
  `${encode(header)}.${encode(payload)}.${signature}`;

const eventOf = (authorization: string | undefined, over: object = {}) =>
  ({
    type: 'REQUEST',
    methodArn,
    headers: authorization === undefined ? {} : { Authorization: authorization },
    multiValueHeaders: authorization === undefined ? {} : { Authorization: [authorization] },
    requestContext: { requestId: 'gateway-request' },
    ...over,
  }) as unknown as APIGatewayRequestAuthorizerEvent;
const ask = (authorization: string | undefined, over: object = {}) =>
  authoriseHandler(context)(eventOf(authorization, over));
const askWith = async (token: string | Promise<string>) => ask(`Bearer ${await token}`);

const allowed = {
  principalId: 'client-1',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [
      {
        Action: 'execute-api:Invoke',
        Effect: 'Allow',
        Resource: 'arn:aws:execute-api:eu-west-2:000000000000:abc123/api/*',
      },
    ],
  },
  context: { clientId: 'client-1', odsCode: 'RX1', scopes: 'send-document/submit send-document/read' },
  usageIdentifierKey: laneKey('test', laneOf('RX1')),
};
const named = { requestId: 'gateway-request', gatewayRequestId: 'gateway-request' };

describe('a sound token of a registered client', () => {
  it('is let through to the whole API, with the organisation that the registry names', async () => {
    expect(await askWith(sign(claims()))).toEqual(allowed);
    expect(lines).toEqual([
      JSON.stringify({ level: 'info', code: 'CALLER_KNOWN', ...named, clientId: 'client-1', odsCode: 'RX1' }),
    ]);
  });

  it('may be signed by any key of the issuer, with RS256, PS256 or ES256', async () => {
    expect(await askWith(sign(claims(), { alg: 'ES256', kid: 'ec', key: ec.privateKey }))).toEqual(allowed);
    expect(await askWith(sign(claims(), { alg: 'PS256', kid: 'pss', key: pss.privateKey }))).toEqual(allowed);
  });

  it('may name several audiences, its client as azp, and be a little early or late', async () => {
    expect(await askWith(sign(claims({ aud: ['other', audience] })))).toEqual(allowed);
    expect(await askWith(sign(claims({ client_id: undefined, azp: 'client-1' })))).toEqual(allowed);
    expect(await askWith(sign(claims({ exp: now() - 20 })))).toEqual(allowed);
    expect(await askWith(sign(claims({ nbf: now() + 20 })))).toEqual(allowed);
  });

  it('of Cognito has no audience: an access token with a scope of our resource server is ours', async () => {
    expect(await askWith(sign(claims({ aud: undefined, token_use: 'access' })))).toEqual(allowed);
  });

  it('holds no scope that the registry does not allow, and the registry none that the token lacks', async () => {
    const scopesOf = async (over: Claims) => (await askWith(sign(claims(over)))).context?.scopes;
    expect(await scopesOf({ client_id: 'reader' })).toBe('send-document/read');
    expect(await scopesOf({ scope: 'send-document/submit' })).toBe('send-document/submit');
    expect(await scopesOf({ scope: undefined })).toBe('');
  });

  it('takes the scheme in any letters', async () => {
    expect(await ask(`bearer ${await sign(claims())}`)).toEqual(allowed);
    const token = await sign(claims());
    const single = { headers: { authorization: `Bearer ${token}` }, multiValueHeaders: null };
    expect(await ask(undefined, single)).toEqual(allowed);
  });
});

describe('a sound token of a client that was deactivated', () => {
  it('is let through to nothing, whatever it says, until the client is activated again', async () => {
    await putClient(rig.table, clientFile.parse({ clientId: 'leaver', odsCode: 'RX1' }));
    const asked = async () => (await askWith(sign(claims({ client_id: 'leaver' })))).context;
    const who = { at: 0, by: 'Ann Bell' };
    expect(await asked()).toMatchObject({ odsCode: 'RX1' });
    await switchClientActive(rig.table, 'leaver', false, who);
    expect(await asked()).toEqual({ clientId: 'leaver' });
    expect(lines.at(-1)).toContain('deactivated');
    await switchClientActive(rig.table, 'leaver', true, who);
    expect(await asked()).toMatchObject({ odsCode: 'RX1' });
  });
});

describe('a sound token of a client that is registered for no organisation', () => {
  it('reaches the function without an organisation, which answers 403 and names the request', async () => {
    const known = await askWith(sign(claims({ client_id: 'stranger', odsCode: 'RX1' })));
    expect(known.context).toEqual({ clientId: 'stranger' });
    expect(lines.join('')).toContain('CLIENT_NOT_REGISTERED');
  });
});

describe('any other token is refused with 401', () => {
  const publicPem = () => exportSPKI(rsa.publicKey);
  const hs256 = async (kid: string) => {
    const input = `${encode({ alg: 'HS256', kid })}.${encode(claims())}`;
    return `${input}.${createHmac('sha256', await publicPem())
      .update(input)
      .digest('base64url')}`;
  };
  const tampered = async () => {
    const [header, , signature] = (await sign(claims())).split('.');
    return `${header}.${encode(claims({ client_id: 'reader' }))}.${signature}`;
  };

  const tokens: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['expired', () => sign(claims({ exp: now() - 31 }))],
    ['without an end', () => sign(claims({ exp: undefined }))],
    ['not yet valid', () => sign(claims({ nbf: now() + 60 }))],
    ['unsigned', () => unsigned({ alg: 'RS256', kid: 'rsa' }, claims())],
    ['alg:none', () => unsigned({ alg: 'none' }, claims())],
    ['alg:None', () => unsigned({ alg: 'None' }, claims())],
    ['without an algorithm', () => unsigned({}, claims())],
    ['HS256 with the public key as secret', () => hs256('rsa')],
    ['signed by another key under a known name', () => sign(claims(), { key: stranger.privateKey })],
    ['signed by a key of another name', () => sign(claims(), { kid: 'other', key: stranger.privateKey })],
    ['changed after signing', tampered],
    [
      'of an algorithm that is not on the list',
      () => sign(claims(), { alg: 'RS512', kid: 'rsa512', key: rsa512.privateKey }),
    ],
    ['of another issuer', () => sign(claims({ iss: 'https://other.example' }))],
    ['of an issuer that begins the same', () => sign(claims({ iss: `${issuer}/` }))],
    ['of no issuer', () => sign(claims({ iss: undefined }))],
    ['for another audience', () => sign(claims({ aud: 'other' }))],
    ['for an audience that begins the same', () => sign(claims({ aud: `${audience}-2` }))],
    ['for no audience', () => sign(claims({ aud: undefined }))],
    [
      'of Cognito with the scopes of another resource server',
      () => sign(claims({ aud: undefined, token_use: 'access', scope: 'other/read' })),
    ],
    ['of Cognito that is an id token', () => sign(claims({ token_use: 'id' }))],
    ['without a client', () => sign(claims({ client_id: undefined }))],
    ['with a client id that could break a log', () => sign(claims({ client_id: 'a\nb' }))],
    [
      'that carries a key of its own',
      async () => {
        const jwk = await exportJWK(stranger.publicKey);
        return new SignJWT({ ...claims() }).setProtectedHeader({ alg: 'RS256', jwk }).sign(stranger.privateKey);
      },
    ],
    [
      'that names critical headers',
      async () => unsigned({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 }, claims(), 'AAAA'),
    ],
    ['that is no token', () => 'abc'],
    ['of five parts', () => 'a.b.c.d.e'],
  ];

  it.each(tokens)('%s', async (_, make) => {
    const token = await make();
    await expect(ask(`Bearer ${token}`)).rejects.toThrow(/^Unauthorized$/);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('TOKEN_REFUSED');
    for (const part of token.split('.').filter((each) => each.length > 5)) expect(lines[0]).not.toContain(part);
  });

  const refusedLine = async (token: string | Promise<string>, headers: Readonly<Record<string, string>> = {}) => {
    const authorization = `Bearer ${await token}`;
    const all = { ...headers, Authorization: authorization };
    const multiValueHeaders = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]]));
    lines.splice(0);
    await expect(ask(authorization, { headers: all, multiValueHeaders })).rejects.toThrow(/^Unauthorized$/);
    return JSON.parse(lines[0] ?? '');
  };

  it('is logged with the request’s ids, where they are ids, and with the gateway’s', async () => {
    const ids = { 'X-Request-ID': '6e0f5a54-8f0c-4c11-9a3b-0c9f6d1c2b3a', 'x-correlation-id': 'visit-1' };
    expect(await refusedLine('abc', ids)).toEqual({
      level: 'warn',
      code: 'TOKEN_REFUSED',
      requestId: ids['X-Request-ID'],
      correlationId: 'visit-1',
      gatewayRequestId: 'gateway-request',
      why: expect.any(String),
    });
    const spoilt = { 'X-Request-ID': 'Mrs 9691375087', 'X-Correlation-ID': '969 137 5087' };
    const line = await refusedLine('abc', spoilt);
    expect(line).toMatchObject(named);
    expect(JSON.stringify(line)).not.toMatch(/Mrs|969/);
  });

  it('is logged with its client where the signature is the issuer’s, and only there', async () => {
    expect(await refusedLine(sign(claims({ exp: now() - 31 })))).toMatchObject({ clientId: 'client-1' });
    expect(await refusedLine(sign(claims({ aud: 'other' })))).toMatchObject({ clientId: 'client-1' });
    expect(await refusedLine(sign(claims({ iss: 'https://other.example' })))).toMatchObject({ clientId: 'client-1' });
    for (const forged of [sign(claims(), { key: stranger.privateKey }), tampered()]) {
      expect(await refusedLine(forged)).not.toHaveProperty('clientId');
    }
  });

  it('as is none at all, another scheme, or two of them', async () => {
    const token = await sign(claims());
    for (const authorization of [undefined, '', 'Bearer', 'Bearer ', token, `Basic ${token}`, `Bearer ${token} x`]) {
      await expect(ask(authorization)).rejects.toThrow(/^Unauthorized$/);
    }
    const multiValueHeaders = { Authorization: [`Bearer ${token}`, `Bearer ${token}`] };
    await expect(ask(`Bearer ${token}`, { multiValueHeaders })).rejects.toThrow(/^Unauthorized$/);
  });
});

describe('where no issuer is named yet', () => {
  it('every token is refused with 401, and no keys are asked for: nobody’s outage', async () => {
    const before = context;
    const asked: unknown[] = [];
    const keys: AuthoriseContext['keys'] = async (header) => {
      asked.push(header);
      throw new Error('nobody there');
    };
    context = { ...context, keys, token: { ...context.token, issuer: 'https://issuer.invalid' } };
    try {
      for (const token of [sign(claims()), sign(claims({ iss: 'https://issuer.invalid' })), 'abc']) {
        await expect(askWith(token)).rejects.toThrow(/^Unauthorized$/);
      }
      expect(lines.join('')).toContain('no issuer is configured');
      expect(asked).toEqual([]);
    } finally {
      context = before;
    }
  });
});

describe('where the issuer’s keys cannot be had', () => {
  it('nobody is let through, and nobody is told that his token is wrong', async () => {
    const before = context;
    down = true;
    context = contextOf();
    try {
      await expect(askWith(sign(claims()))).rejects.not.toThrow(/Unauthorized/);
      expect(lines.join('')).toContain('AUTHORISE_FAILED');
    } finally {
      down = false;
      context = before;
    }
    expect(await askWith(sign(claims()))).toEqual(allowed);
  });
});
