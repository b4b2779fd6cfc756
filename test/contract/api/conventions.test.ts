import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiHandler } from '../../../lambdas/api/handler.ts';
import { apiRoutes, apiScopes } from '../../../shared/platform/api-routes.ts';
import { type ApiRig, type Call, createApiRig, eventOf, outcome, requestId } from './support.ts';

let rig: ApiRig;
beforeAll(async () => {
  rig = await createApiRig();
});
afterAll(() => rig.close());

const documents = '/v1/documents';
const upload = { size: 10, sha256: 'a'.repeat(64) };

const codes = (response: { readonly body: unknown }) => rig.issues(response).map(({ code }) => code);

describe('X-Request-ID and X-Correlation-ID', () => {
  it('are mirrored on answers and on errors', async () => {
    const headers = { 'x-request-id': randomUUID(), 'x-correlation-ID': 'a:b~c_d.e-1', 'X-Request-ID': undefined };
    for (const path of [documents, `${documents}/none`]) {
      const response = await rig.call({ path, headers });
      expect(response.headers).toMatchObject({
        'X-Request-ID': headers['x-request-id'],
        'X-Correlation-ID': 'a:b~c_d.e-1',
      });
    }
  });

  it.each([
    ['missing', undefined, 'REQUEST_ID_MISSING'],
    ['no UUID', 'abc', 'REQUEST_ID_NOT_UUID'],
    ['empty', '', 'REQUEST_ID_NOT_UUID'],
    ['more than a UUID', `${requestId}\r\nX: y`, 'REQUEST_ID_NOT_UUID'],
  ])('the first is required: %s is 400, and the answer has the name that the gateway gave', async (_, value, code) => {
    const response = await rig.call({ path: documents, headers: { 'X-Request-ID': value } });
    expect(response.status).toBe(400);
    expect(codes(response)).toEqual([code]);
    expect(response.headers['X-Request-ID']).toBe('gateway-request');
  });

  it('sent twice is wrong, whatever it says', async () => {
    const event = eventOf({ path: documents });
    const twice = { ...event, multiValueHeaders: { ...event.multiValueHeaders, 'x-request-id': [requestId] } };
    expect((await rig.handler(twice)).statusCode).toBe(400);
  });

  it.each([
    ['too long', 'a'.repeat(101)],
    ['with a space', 'a b'],
    ['with a line break', 'a\nb'],
    ['with an NHS number', 'visit-9691375087'],
    ['with a printed NHS number', '969-137-5087'],
    ['empty', ''],
  ])('the second may be left out; %s it is 400 and neither mirrored nor logged', async (_, value) => {
    const before = rig.lines.length;
    const response = await rig.call({ path: documents, headers: { 'X-Correlation-ID': value } });
    expect(response.status).toBe(400);
    expect(codes(response)).toEqual(['CORRELATION_ID_NOT_ALLOWED']);
    expect(response.headers).not.toHaveProperty('X-Correlation-ID');
    if (value !== '') expect(rig.lines.slice(before).join('')).not.toContain(JSON.stringify(value).slice(1, -1));
  });

  it('are told with every other problem of the headers', async () => {
    const response = await rig.call({
      path: '/v1/uploads',
      body: upload,
      headers: { 'X-Request-ID': undefined, Accept: 'text/html', 'Content-Type': 'text/plain' },
      query: { a: '1' },
    });
    expect(codes(response)).toEqual([
      'REQUEST_ID_MISSING',
      'NOT_ACCEPTABLE',
      'UNSUPPORTED_MEDIA_TYPE',
      'QUERY_NOT_ALLOWED',
    ]);
    expect(response.status).toBe(406);
  });
});

describe('media types', () => {
  it.each([
    ['text/html', 406],
    ['application/xml, text/*', 406],
    ['application/json;q=0', 406],
    ['application/json;q=0, */*', 406],
    ['application/fhir+json', 406],
    ['application/json', 200],
    ['APPLICATION/JSON; charset=utf-8', 200],
    ['text/html, application/*;q=0.1', 200],
    ['*/*', 200],
    [undefined, 200],
  ])('Accept: %s answers %i', async (accept, status) => {
    const response = await rig.call({ path: documents, headers: { Accept: accept } });
    expect(response.status).toBe(status);
  });

  it.each([
    ['text/json', {}],
    ['application/json; charset=iso-8859-1', {}],
    ['application/fhir+json', {}],
    ['multipart/form-data', {}],
    [undefined, {}],
    ['application/json', { 'Content-Encoding': 'gzip' }],
  ])('a body of %s is refused with 415', async (type, more) => {
    const response = await rig.call({ path: '/v1/uploads', body: upload, headers: { 'Content-Type': type, ...more } });
    expect(response.status).toBe(415);
    expect(codes(response)).toEqual(['UNSUPPORTED_MEDIA_TYPE']);
  });

  it('a body may come as text or, as some gateways hand it over, in base64; text that is not UTF-8 is refused', async () => {
    for (const base64 of [false, true]) {
      const headers = { 'Content-Type': 'Application/JSON;charset="UTF-8"' };
      expect((await rig.call({ path: '/v1/uploads', body: upload, base64, headers })).status).toBe(201);
    }
    const event = eventOf({ path: '/v1/uploads', body: upload });
    const latin1 = { ...event, isBase64Encoded: true, body: Buffer.from('{"é":1}', 'latin1').toString('base64') };
    expect((await rig.handler(latin1)).statusCode).toBe(400);
  });

  it('a body that was not UTF-8 before the gateway made text of it is refused: a name in it is no longer what it was', async () => {
    const made = await rig.make({ patient: { family: 'Hughes', given: ['María'] } });
    const json = JSON.stringify({ manifest: made.manifest, pdf: { base64: made.base64 } });
    const event = eventOf({ path: documents, body: Buffer.from(json, 'latin1').toString('utf8'), method: 'POST' });
    const { statusCode, body } = await rig.handler(event);
    expect(statusCode).toBe(400);
    expect(codes({ body: JSON.parse(body) })).toEqual(['BODY_NOT_JSON']);
  });

  it('errors are FHIR, and every one says whose move it is', async () => {
    const response = await rig.call({ path: `${documents}/none` });
    expect(response.headers['Content-Type']).toBe('application/fhir+json; charset=utf-8');
    expect(outcome.parse(response.body).issue[0]).toMatchObject({
      code: 'not-found',
      details: { coding: [{ system: 'urn:send-document:problem-code', code: 'DOCUMENT_NOT_FOUND' }] },
      diagnostics: expect.stringContaining('Whose move: the caller.'),
    });
  });
});

describe('who may do what', () => {
  const guarded: readonly (Call & { readonly scope: string })[] = [
    { path: documents, body: {}, scope: apiScopes.submit },
    { path: '/v1/uploads', body: {}, scope: apiScopes.submit },
    { path: documents, scope: apiScopes.read },
    { path: `${documents}/${requestId}`, scope: apiScopes.read },
  ];

  it.each(guarded.map((call) => [`${call.body ? 'POST' : 'GET'} ${call.path}`, call] as const))(
    '%s needs its scope, and says which',
    async (_, call) => {
      const others = Object.values(apiScopes).filter((scope) => scope !== call.scope);
      for (const scopes of ['', others.join(' '), `${call.scope}x`, call.scope.toUpperCase()]) {
        const response = await rig.call({ ...call, scopes });
        expect(response.status).toBe(403);
        expect(codes(response)).toEqual(['SCOPE_MISSING']);
        expect(response.text).toContain(call.scope);
      }
      expect((await rig.call({ ...call, scopes: call.scope })).status).not.toBe(403);
    },
  );

  it.each(guarded.map((call) => [call.path, call] as const))(
    '%s answers nobody that the authoriser has not named',
    async (_, call) => {
      const response = await rig.call({ ...call, anonymous: true });
      expect(response.status).toBe(401);
      expect(response.headers['WWW-Authenticate']).toBe('Bearer');
      expect(codes(response)).toEqual(['UNAUTHORIZED']);
    },
  );

  it.each(guarded.map((call) => [call.path, call] as const))(
    '%s answers 403 to a client that is registered for no organisation, with its ids, and logs it',
    async (_, call) => {
      const response = await rig.call({ ...call, unregistered: true, headers: { 'X-Correlation-ID': 'c-403' } });
      expect(response.status).toBe(403);
      expect(codes(response)).toEqual(['CLIENT_NOT_REGISTERED']);
      expect(response.headers).toMatchObject({ 'X-Request-ID': requestId, 'X-Correlation-ID': 'c-403' });
      expect(JSON.parse(rig.lines.at(-1) ?? '')).toMatchObject({
        code: 'REQUEST_ANSWERED',
        requestId,
        correlationId: 'c-403',
        gatewayRequestId: 'gateway-request',
        clientId: 'client-1',
        status: 403,
        resultCode: 'CLIENT_NOT_REGISTERED',
      });
    },
  );

  it('the sending organisation is the authoriser’s, whatever headers or body say', async () => {
    const made = await rig.make();
    const response = await rig.submit(
      { ...made, manifest: { ...made.manifest, senderOds: 'RX2' } },
      { headers: { odsCode: 'RX2', 'X-ODS-Code': 'RX2' } },
    );
    expect(codes(response)).toEqual(['UNKNOWN_FIELD']);
  });
});

describe('addresses and methods', () => {
  it('another method is 405 with those that work', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const response = await rig.call({ path: documents, method });
      expect(response.status).toBe(405);
      expect(response.headers.Allow?.toString().split(', ').sort()).toEqual(['GET', 'POST']);
      expect(codes(response)).toEqual(['METHOD_NOT_ALLOWED']);
    }
  });

  it('another address is 404', async () => {
    const response = await rig.call({ path: '/v2/documents', method: 'GET' });
    expect(response.status).toBe(404);
    expect(codes(response)).toEqual(['ROUTE_NOT_FOUND']);
  });

  it('Location leads where the caller called, with what stands before the version', async () => {
    const made = await rig.make();
    const response = await rig.submit(made, {});
    expect(response.headers.Location).toBe(`/api/v1/documents/${rig.accepted(response).documentId}`);
    await rig.takeEvents();
  });
});

describe('health', () => {
  const open = { anonymous: true, headers: { 'X-Request-ID': undefined } };

  it('_ping and _status need neither token nor request id', async () => {
    expect(await rig.call({ path: '/v1/_ping', ...open })).toMatchObject({ status: 200, body: { status: 'up' } });
    expect(await rig.call({ path: '/v1/_status', ...open })).toMatchObject({
      status: 200,
      body: { status: 'up', records: 'up', storage: 'up' },
    });
  });

  it('_status is 503 where something cannot be reached, and does not say why', async () => {
    const failing = apiHandler({
      ...rig.apiContext,
      drops: { ...rig.drops, head: async () => Promise.reject(new Error('secret-bucket is gone')) },
    });
    const answer = await failing(eventOf({ path: '/v1/_status', ...open }));
    expect(answer.statusCode).toBe(503);
    expect(JSON.parse(answer.body)).toEqual({ status: 'down', records: 'up', storage: 'down' });
    expect(rig.lines.at(-2)).toContain('DEPENDENCY_DOWN');
  });
});

describe('a fault of ours', () => {
  it('is 500 with nothing of its inside, and is logged with the request', async () => {
    const failing = apiHandler({
      ...rig.apiContext,
      table: { ...rig.table, bySender: async () => Promise.reject(new TypeError('inner words')) },
    });
    const answer = await failing(eventOf({ path: documents }));
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('inner words');
    expect(outcome.parse(JSON.parse(answer.body)).issue[0]?.diagnostics).toContain('same X-Request-ID');
    const line = rig.lines.find((each) => each.includes('REQUEST_FAILED'));
    expect(line).toContain(requestId);
  });
});

describe('the figures', () => {
  it('count what was asked for, and refusals by their code, the manifest’s as one', async () => {
    const { metrics, refusals } = rig;
    metrics.clear();
    refusals.splice(0);
    const made = await rig.make();
    const { documentId } = rig.accepted(await rig.submit(made));
    await rig.submit(made);
    await rig.submit(await rig.make({ encounterId: made.manifest.encounterId, actor: { userId: 'other' } }));
    await rig.submit(await rig.make({ patient: { birthDate: '1957-02-30' } }));
    await rig.call({ path: '/v1/uploads', body: upload });
    await rig.call({ path: documents });
    await rig.call({ path: `${documents}/${documentId}` });
    await rig.call({ path: `${documents}/${randomUUID()}` });
    expect(Object.fromEntries(metrics)).toEqual({
      SubmissionsTaken: 1,
      SubmissionsRepeated: 1,
      SubmissionsRefused: 2,
      UploadFormsGiven: 1,
      ListsShown: 1,
      DocumentsShown: 1,
      RequestsRefused: 3,
    });
    expect(refusals).toEqual(['CONTENT_DIFFERS', 'MANIFEST_REFUSED', 'DOCUMENT_NOT_FOUND']);
    await rig.takeEvents();
  });
});

describe('the log', () => {
  it('names routes, never addresses, and holds nothing of a marked patient', async () => {
    const made = await rig.make({ patient: { nhsNumber: '9691375087', family: 'Zweiundvierzig' } });
    await rig.submit(made);
    await rig.call({ path: `${documents}/9691375087` });
    await rig.call({ path: documents, query: { 'patient-9691375087': 'Zweiundvierzig', state: 'Zweiundvierzig' } });
    const text = rig.lines.join('\n');
    for (const value of ['9691375087', 'Zweiundvierzig', 'María', '1957-01-09']) expect(text).not.toContain(value);
    expect(text).toContain(`GET ${apiRoutes.showDocument.resource}`);
  });
});
