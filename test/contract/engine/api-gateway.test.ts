import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../local/aws/events/pattern.ts';
import { scaledClock } from '../../../local/clock.ts';
import { type Rig, startRig } from './rig.ts';

/** An API by hand, behind which the fixture does what a request asks for. */

const arn = (id: string): JsonObject => ({ 'Fn::GetAtt': [id, 'Arn'] });
const uri = (id: string): JsonObject => ({
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':apigateway:eu-west-2:lambda:path/2015-03-31/functions/',
      arn(id),
      '/invocations',
    ],
  ],
});
const api = { RestApiId: { Ref: 'Api' } };

const fixture = (name: string): JsonObject => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: name,
    Code: { S3Key: 'gateway.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: arn('WorkerRole'),
    Timeout: 20,
  },
});

const resource = (parent: JsonObject, part: string): JsonObject => ({
  Type: 'AWS::ApiGateway::Resource',
  Properties: { ...api, ParentId: parent, PathPart: part },
});

const method = (
  resourceId: string,
  httpMethod: string,
  more: JsonObject = { AuthorizationType: 'NONE' },
): JsonObject => {
  const { TimeoutInMillis, ...properties } = more;
  return {
    Type: 'AWS::ApiGateway::Method',
    Properties: {
      ...api,
      ResourceId: { Ref: resourceId },
      HttpMethod: httpMethod,
      Integration: {
        Type: 'AWS_PROXY',
        IntegrationHttpMethod: 'POST',
        Uri: uri('Behind'),
        ...(TimeoutInMillis === undefined ? {} : { TimeoutInMillis }),
      },
      ...properties,
    },
  };
};
const guarded: JsonObject = { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Guard' } };

const answer = (type: string, more: JsonObject = {}): JsonObject => ({
  Type: 'AWS::ApiGateway::GatewayResponse',
  Properties: { ...api, ResponseType: type, ...more },
});

const methods: JsonObject = {
  OpenGet: method('Open', 'GET'),
  OpenPost: method('Open', 'POST'),
  ThingGet: method('Thing', 'GET', guarded),
  ThingAny: method('Thing', 'ANY', guarded),
  LimitedGet: method('Limited', 'GET', { ...guarded, ApiKeyRequired: true }),
  SlowGet: method('Slow', 'GET', { AuthorizationType: 'NONE', TimeoutInMillis: 50 }),
};
const answers: JsonObject = {
  Missing: answer('MISSING_AUTHENTICATION_TOKEN', {
    StatusCode: '404',
    ResponseParameters: {
      'gatewayresponse.header.Content-Type': "'application/fhir+json'",
      'gatewayresponse.header.X-Request-ID': 'method.request.header.X-Request-ID',
      'gatewayresponse.header.X-Stage': 'context.stage',
    },
    ResponseTemplates: {
      'application/json':
        '{"said":$context.error.messageString,"kind":"$context.error.responseType","id":"$context.requestId"}',
    },
  }),
  AllFours: answer('DEFAULT_4XX', {
    ResponseTemplates: { 'application/json': '{"four":"$context.error.responseType"}' },
  }),
};

const template = (throttle: JsonObject): JsonObject => ({
  Behind: fixture('behind'),
  Guarding: fixture('guarding'),
  Api: {
    Type: 'AWS::ApiGateway::RestApi',
    Properties: { Name: 'by-hand', EndpointConfiguration: { Types: ['REGIONAL'] } },
  },
  Guard: {
    Type: 'AWS::ApiGateway::Authorizer',
    Properties: {
      ...api,
      Name: 'guard',
      Type: 'REQUEST',
      AuthorizerUri: uri('Guarding'),
      AuthorizerResultTtlInSeconds: 300,
      IdentitySource: 'method.request.header.Authorization',
    },
  },
  Open: resource({ 'Fn::GetAtt': ['Api', 'RootResourceId'] }, 'open'),
  Things: resource({ 'Fn::GetAtt': ['Api', 'RootResourceId'] }, 'things'),
  Thing: resource({ Ref: 'Things' }, '{thingId}'),
  Slow: resource({ 'Fn::GetAtt': ['Api', 'RootResourceId'] }, 'slow'),
  Limited: resource({ 'Fn::GetAtt': ['Api', 'RootResourceId'] }, 'limited'),
  ...methods,
  ...answers,
  Deployment: {
    Type: 'AWS::ApiGateway::Deployment',
    Properties: { ...api },
    DependsOn: [...Object.keys(methods), ...Object.keys(answers)],
  },
  // Made after the deployment, so it is not served.
  OpenDelete: { ...method('Open', 'DELETE'), DependsOn: ['Deployment'] },
  Stage: {
    Type: 'AWS::ApiGateway::Stage',
    Properties: {
      ...api,
      DeploymentId: { Ref: 'Deployment' },
      StageName: 'live',
      Variables: { colour: 'blue' },
      MethodSettings: [{ HttpMethod: '*', ResourcePath: '/*', LoggingLevel: 'OFF', ...throttle }],
      AccessLogSetting: {
        DestinationArn: 'arn:aws:logs:eu-west-2:000000000000:log-group:access',
        Format:
          '{"id":"$context.requestId","resource":"$context.resourcePath","status":"$context.status","kind":"$context.error.responseType","client":"$context.authorizer.clientId"}',
      },
    },
  },
});

interface Echo {
  readonly event: APIGatewayProxyEvent;
  readonly remaining: number;
}

describe('an API of a template', () => {
  let rig: Rig;
  let url: string;
  beforeAll(async () => {
    rig = await startRig({ resources: template({}) }, scaledClock(20));
    url = rig.engine.apiUrl ?? '';
  });
  afterAll(() => rig?.close());

  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const echo = async (path: string, init: RequestInit = {}): Promise<Echo> => {
    const response = await fetch(`${url}${path}`, init);
    expect(response.status).toBe(200);
    return (await response.json()) as Echo;
  };

  it('is served below its stage’s name', () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/live$/);
    expect(rig.engine.warnings).toEqual([]);
  });

  it('hands over the request as REST APIs do', async () => {
    const { event } = await echo('/open?a=1&a=2&b=%26', {
      method: 'POST',
      headers: { 'X-Custom-Name': 'Value', 'content-type': 'application/json' },
      body: '{"é":1}',
    });
    expect(event).toMatchObject({
      resource: '/open',
      path: '/open',
      httpMethod: 'POST',
      queryStringParameters: { a: '2', b: '&' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: ['&'] },
      pathParameters: null,
      stageVariables: { colour: 'blue' },
      body: '{"é":1}',
      isBase64Encoded: false,
    });
    expect(event.requestContext).toMatchObject({
      stage: 'live',
      path: '/live/open',
      resourcePath: '/open',
      httpMethod: 'POST',
      accountId: '000000000000',
      identity: { sourceIp: '127.0.0.1' },
    });
    expect(event.requestContext.authorizer).toBeUndefined();
    const names = Object.keys(event.headers).map((name) => name.toLowerCase());
    expect(names).toEqual(expect.arrayContaining(['x-custom-name', 'host', 'x-forwarded-for']));
  });

  it('says null where there is no body and no query', async () => {
    const { event } = await echo('/open');
    expect(event).toMatchObject({ body: null, queryStringParameters: null, multiValueQueryStringParameters: null });
  });

  it('gives the function the machine’s seconds, because a caller waits by them', async () => {
    const { remaining } = await echo('/open');
    expect(remaining).toBeGreaterThan(20_000);
  });

  it('takes over the function’s status and headers, but for those that are the gateway’s own', async () => {
    const response = await fetch(`${url}/open?do=headers`);
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('made');
    expect(response.headers.get('location')).toBe('/elsewhere');
    expect(response.headers.get('content-type')).toBe('text/plain');
    expect(response.headers.get('x-count')).toBe('3');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('x-amzn-remapped-www-authenticate')).toBe('Bearer');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['a function that fails', 'throw'],
    ['an answer in no form of one', 'shapeless'],
    ['an answer that is too long', 'long'],
  ])('answers 502 for %s', async (_, what) => {
    const response = await fetch(`${url}/open?do=${what}`);
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ message: 'Internal server error' });
  });

  it('answers 504 when the function takes longer than the method waits', async () => {
    const response = await fetch(`${url}/slow?do=hang`);
    expect(response.status).toBe(504);
    expect(await response.json()).toEqual({ message: 'Endpoint request timed out' });
  });

  it('answers for an address that it has not as its template says, ids in place', async () => {
    const response = await fetch(`${url}/nowhere`, { headers: { 'x-request-id': 'mine' } });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/fhir+json');
    expect(response.headers.get('x-request-id')).toBe('mine');
    expect(response.headers.get('x-stage')).toBe('live');
    expect(await response.json()).toEqual({
      said: 'Missing Authentication Token',
      kind: 'MISSING_AUTHENTICATION_TOKEN',
      id: response.headers.get('x-amzn-requestid'),
    });
    expect((await fetch(`${url}/nowhere`)).headers.get('x-request-id')).toBeNull();
  });

  it('serves what was there when it was deployed, and nothing made later', async () => {
    expect((await fetch(`${url}/open`, { method: 'DELETE' })).status).toBe(404);
    expect((await fetch(`${url}/things`)).status).toBe(404);
    expect((await fetch(`${url}/open/`)).status).toBe(404);
  });

  it('knows nothing outside its stage', async () => {
    const response = await fetch(`${new URL(url).origin}/open`);
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ message: 'Forbidden' });
  });

  it('takes ten mebibytes and no more, and no event over six', async () => {
    const post = (length: number) => fetch(`${url}/open`, { method: 'POST', body: 'x'.repeat(length) });
    for (const length of [10 * 2 ** 20 + 1, 6 * 2 ** 20]) {
      const response = await post(length);
      expect(response.status).toBe(413);
      expect(await response.json()).toEqual({ four: 'REQUEST_TOO_LARGE' });
    }
    // An answer holds it too, and may be as long.
    expect((await fetch(`${url}/open?do=headers`, { method: 'POST', body: 'x'.repeat(5 * 2 ** 20) })).status).toBe(201);
  });

  describe('with an authoriser', () => {
    it('hands what it said of the caller to the function, as text', async () => {
      const { event } = await echo('/things/a%20b', bearer('good'));
      expect(event.pathParameters).toEqual({ thingId: 'a b' });
      expect(event.resource).toBe('/things/{thingId}');
      expect(event.requestContext.authorizer).toEqual({
        principalId: 'somebody',
        clientId: 'one',
        level: '7',
        trusted: 'true',
      });
    });

    it.each([
      ['no token', undefined, 401, 'UNAUTHORIZED'],
      ['a token that it does not know', 'unknown', 401, 'UNAUTHORIZED'],
      ['a caller that it denies', 'denied', 403, 'ACCESS_DENIED'],
    ])('answers by itself for %s', async (_, token, status, kind) => {
      const response = await fetch(`${url}/things/1`, token === undefined ? {} : bearer(token));
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ four: kind });
    });

    it.each([
      ['fails', 'unlucky'],
      ['answers in no form of an answer', 'shapeless'],
    ])('answers 500 when it %s', async (_, token) => {
      expect((await fetch(`${url}/things/1`, bearer(token))).status).toBe(500);
    });

    it('holds each method against the policy that it remembers', async () => {
      expect((await fetch(`${url}/things/1`, bearer('reader'))).status).toBe(200);
      expect((await fetch(`${url}/things/1`, { ...bearer('reader'), method: 'PUT' })).status).toBe(403);
      expect((await fetch(`${url}/things/1`, { ...bearer('good'), method: 'PUT' })).status).toBe(200);
    });
  });

  it('leaves a line of the stage’s own format for each request, and nothing else of it', async () => {
    const before = readFileSync(join(rig.engine.logDir, 'api-access.log'), 'utf8').split('\n').length;
    const asked = await fetch(`${url}/things/secret-name?query=secret`, bearer('good'));
    const missed = await fetch(`${url}/secret-path`);
    const text = readFileSync(join(rig.engine.logDir, 'api-access.log'), 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .slice(before - 1);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        id: asked.headers.get('x-amzn-requestid'),
        resource: '/things/{thingId}',
        status: '200',
        kind: '-',
        client: 'one',
      },
      {
        id: missed.headers.get('x-amzn-requestid'),
        resource: '-',
        status: '404',
        kind: 'MISSING_AUTHENTICATION_TOKEN',
        client: '-',
      },
    ]);
    expect(text).not.toContain('secret');
  });
});

describe('a stage that throttles', () => {
  let rig: Rig;
  beforeAll(async () => {
    // A rate so small that nothing comes back while the test runs.
    rig = await startRig({ resources: template({ ThrottlingRateLimit: 0.0001, ThrottlingBurstLimit: 3 }) });
  });
  afterAll(() => rig?.close());

  it('takes as many at once as it says, and answers 429 to the rest', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => fetch(`${rig.engine.apiUrl}/open`)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
  });
});

describe('a usage plan whose keys the authoriser names', () => {
  const keys = { North: 'the-key-of-the-north', South: 'the-key-of-the-south' };
  const planned: JsonObject = {
    Plan: {
      Type: 'AWS::ApiGateway::UsagePlan',
      Properties: {
        ApiStages: [{ ApiId: { Ref: 'Api' }, Stage: { Ref: 'Stage' } }],
        // A rate so small that nothing comes back while the test runs.
        Throttle: { RateLimit: 0.0001, BurstLimit: 2 },
      },
    },
    ...Object.fromEntries(
      Object.entries(keys).flatMap(([name, Value]) => [
        [name, { Type: 'AWS::ApiGateway::ApiKey', Properties: { Value, Enabled: true } }],
        [
          `${name}Link`,
          {
            Type: 'AWS::ApiGateway::UsagePlanKey',
            Properties: { KeyId: { Ref: name }, KeyType: 'API_KEY', UsagePlanId: { Ref: 'Plan' } },
          },
        ],
      ]),
    ),
  };
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ resources: { ...template({}), ...planned } });
  });
  afterAll(() => rig?.close());

  const ask = async (token: string, headers: Readonly<Record<string, string>> = {}) =>
    (await fetch(`${rig.engine.apiUrl}/limited`, { headers: { ...headers, authorization: `Bearer ${token}` } })).status;

  it('gives each its own burst: one in haste is told to wait, the other is not', async () => {
    expect(rig.engine.warnings).toEqual([]);
    const north = `key:${keys.North}`;
    expect([await ask(north), await ask(north), await ask(north)]).toEqual([200, 200, 429]);
    expect(await ask(`key:${keys.South}`)).toBe(200);
  });

  it('lets nobody through whose authoriser names no key, or one that is none, whatever key he sends', async () => {
    expect(await ask('good', { 'x-api-key': keys.South })).toBe(403);
    expect(await ask('key:of-nobody', { 'x-api-key': keys.South })).toBe(403);
  });
});

it('a template without an API has no address of one', async () => {
  const rig = await startRig({});
  expect(rig.engine.apiUrl).toBeUndefined();
  await rig.close();
});
