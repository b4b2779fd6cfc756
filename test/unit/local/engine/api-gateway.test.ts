import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../../local/aws/events/pattern.ts';
import { virtualClock } from '../../../../local/clock.ts';
import { createAuthorise } from '../../../../local/engine/api-gateway/authorise.ts';
import { rendered, requestTime } from '../../../../local/engine/api-gateway/context.ts';
import {
  type ApiAuthorizer,
  type ApiDeployment,
  type ApiMethod,
  type ApiResource,
  apiUnderway,
  deploy,
} from '../../../../local/engine/api-gateway/definition.ts';
import { type Match, matchOf } from '../../../../local/engine/api-gateway/match.ts';
import { httpAnswerOf } from '../../../../local/engine/api-gateway/proxy-answer.ts';
import type { GatewayRequest } from '../../../../local/engine/api-gateway/request.ts';
import { createThrottle } from '../../../../local/engine/api-gateway/throttle.ts';
import type { InvocationOutcome } from '../../../../local/engine/invocation.ts';

const api = apiUnderway('api', 'root', 'by-hand');
const resource = (id: string, parentId: string, pathPart: string): ApiResource => {
  const made = { id, parentId, pathPart };
  api.resources.set(id, made);
  return made;
};
const method = (resourceId: string, httpMethod: string): ApiMethod => ({
  resourceId,
  httpMethod,
  functionArn: `${resourceId}:${httpMethod}`,
  needsKey: false,
  timeoutMs: 29_000,
});
resource('documents', 'root', 'documents');
resource('mine', 'documents', 'mine');
resource('one', 'documents', '{documentId}');
resource('part', 'one', 'part');
resource('rest', 'root', '{rest+}');
api.methods.push(method('documents', 'GET'), method('mine', 'GET'), method('one', 'ANY'), method('one', 'GET'));
api.methods.push(method('part', 'GET'), method('rest', 'ANY'));
const deployment: ApiDeployment = deploy(api, 'first');

describe('a request is matched', () => {
  it.each([
    ['GET', '/documents', 'documents:GET', '/documents', {}],
    ['GET', '/documents/mine', 'mine:GET', '/documents/mine', {}],
    ['GET', '/documents/7', 'one:GET', '/documents/{documentId}', { documentId: '7' }],
    ['PUT', '/documents/7', 'one:ANY', '/documents/{documentId}', { documentId: '7' }],
    ['GET', '/documents/mine/part', 'part:GET', '/documents/{documentId}/part', { documentId: 'mine' }],
    ['GET', '/documents/a%2Fb', 'one:GET', '/documents/{documentId}', { documentId: 'a/b' }],
    ['GET', '/documents/%', 'one:GET', '/documents/{documentId}', { documentId: '%' }],
    ['GET', '/other/thing', 'rest:ANY', '/{rest+}', { rest: 'other/thing' }],
  ])('%s %s by %s', (httpMethod, path, functionArn, resourcePath, parameters) => {
    const match = matchOf(deployment, httpMethod, path);
    expect(match?.method?.functionArn).toBe(functionArn);
    expect(match).toMatchObject({ resourcePath, parameters });
  });

  it('to a resource that has not its method, and to no resource at all', () => {
    expect(matchOf(deployment, 'POST', '/documents')?.method).toBeUndefined();
    expect(matchOf(deployment, 'POST', '/documents')?.resource.id).toBe('documents');
    expect(matchOf(deployment, 'GET', '/')?.resourcePath).toBe('/');
    expect(matchOf(deployment, 'GET', '//documents')).toBeUndefined();
    expect(matchOf(deployment, 'GET', '/documents/')?.resource.id).toBe('rest');
  });

  it('against what was there when it was deployed', () => {
    api.methods.push(method('documents', 'DELETE'));
    expect(matchOf(deployment, 'DELETE', '/documents')?.method).toBeUndefined();
    expect(matchOf(deploy(api, 'second'), 'DELETE', '/documents')?.method).toBeDefined();
  });
});

describe('templates of the gateway', () => {
  it('get values by name and nothing else', () => {
    const text =
      '{"a":"$context.requestId.","b":"$context.authorizer.clientId","c":"$stageVariables.colour","d":"$input.body"}';
    expect(rendered(text, { requestId: 'r1' }, { colour: 'blue' }, '-')).toBe(
      '{"a":"r1.","b":"-","c":"blue","d":"$input.body"}',
    );
  });

  it('write times as access logs do', () => {
    expect(requestTime(Date.UTC(2024, 2, 18, 9, 40, 1))).toBe('18/Mar/2024:09:40:01 +0000');
  });
});

describe('an answer of a function', () => {
  it('is refused where it is in no form of an answer', () => {
    const refused: Json[] = [
      null,
      'text',
      {},
      { statusCode: 'ok' },
      { statusCode: 200, body: {} },
      { statusCode: 200, extra: 1 },
    ];
    for (const payload of refused) expect(httpAnswerOf(payload)).toBeUndefined();
  });

  it('is JSON where it does not say otherwise, and several values of a header win over one', () => {
    const answer = httpAnswerOf({ statusCode: '202', headers: { link: 'a' }, multiValueHeaders: { Link: ['b', 'c'] } });
    expect(answer).toEqual({
      status: 202,
      headers: [
        ['Content-Type', 'application/json'],
        ['Link', 'b'],
        ['Link', 'c'],
      ],
      body: '',
    });
  });
});

describe('a throttle', () => {
  it('lets a burst through, then as many as its rate, by the clock', async () => {
    const clock = virtualClock(1_000_000);
    const admit = createThrottle({ rate: 2, burst: 3 }, clock);
    const many = () => Array.from({ length: 5 }, admit).filter(Boolean).length;
    expect(many()).toBe(3);
    expect(many()).toBe(0);
    await clock.advance(1000);
    expect(many()).toBe(2);
    await clock.advance(60_000);
    expect(many()).toBe(3);
  });
});

describe('an authoriser', () => {
  const allowAll = (methodArn: string): JsonObject => ({
    principalId: 'p',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${methodArn.split('/')[0]}/*` }],
    },
  });
  const setUp = (
    authorizer: Partial<ApiAuthorizer> = {},
    answers: (event: JsonObject) => InvocationOutcome | undefined = () => undefined,
  ) => {
    const clock = virtualClock(0);
    const asked: JsonObject[] = [];
    const stage = { apiId: 'api', apiName: 'by-hand', name: 'live', deployment, variables: {}, keys: new Map() };
    const authorise = createAuthorise({
      clock,
      stage,
      place: { region: 'eu-west-2', account: '000000000000' },
      invoke: async (_, event) => {
        asked.push(event);
        return answers(event) ?? { kind: 'answered', payload: allowAll(String(event.methodArn)) };
      },
    });
    const whole: ApiAuthorizer = {
      id: 'guard',
      type: 'REQUEST',
      functionArn: 'guard',
      identitySources: ['method.request.header.Authorization'],
      ttlMs: 60_000,
      ...authorizer,
    };
    const match = matchOf(deployment, 'GET', '/documents') as Match;
    const ask = (token?: string) => authorise(whole, request(token), match);
    return { clock, asked, ask };
  };
  const request = (token?: string): GatewayRequest => ({
    requestId: 'r',
    extendedRequestId: 'x',
    at: 0,
    method: 'GET',
    path: '/live/documents',
    pathInStage: '/documents',
    headers: token === undefined ? [] : [['authorization', token]],
    query: [],
    sourceIp: '127.0.0.1',
    protocol: 'HTTP/1.1',
    host: '127.0.0.1:1',
  });

  it('is asked once for each caller until its answer has grown old', async () => {
    const { clock, asked, ask } = setUp();
    for (const token of ['a', 'a', 'b', 'a']) expect(await ask(token)).toMatchObject({ kind: 'allowed' });
    expect(asked).toHaveLength(2);
    await clock.advance(59_999);
    await ask('a');
    expect(asked).toHaveLength(2);
    await clock.advance(1);
    await ask('a');
    expect(asked).toHaveLength(3);
    expect(asked[0]).toMatchObject({
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:eu-west-2:000000000000:api/live/GET/documents',
    });
  });

  it('is asked each time where nothing is kept, and a refusal is never kept', async () => {
    const nothingKept = setUp({ ttlMs: 0 });
    for (const token of ['a', 'a']) await nothingKept.ask(token);
    expect(nothingKept.asked).toHaveLength(2);
    const refusing = setUp({}, () => ({ kind: 'failed', errorType: 'Error', errorMessage: 'Unauthorized' }));
    for (const token of ['a', 'a']) {
      expect(await refusing.ask(token)).toEqual({ kind: 'refused', trouble: 'UNAUTHORIZED' });
    }
    expect(refusing.asked).toHaveLength(2);
  });

  it('is not asked about a request that does not say who calls', async () => {
    const { asked, ask } = setUp();
    for (const token of [undefined, '']) {
      expect(await ask(token)).toEqual({ kind: 'refused', trouble: 'UNAUTHORIZED' });
    }
    expect(asked).toEqual([]);
  });

  it('of tokens gets the token, and only one of the right form', async () => {
    const { asked, ask } = setUp({ type: 'TOKEN', validation: /^Bearer .+$/ });
    expect(await ask('Basic x')).toEqual({ kind: 'refused', trouble: 'UNAUTHORIZED' });
    expect(await ask('Bearer x')).toMatchObject({ kind: 'allowed' });
    expect(asked).toEqual([
      {
        type: 'TOKEN',
        authorizationToken: 'Bearer x',
        methodArn: 'arn:aws:execute-api:eu-west-2:000000000000:api/live/GET/documents',
      },
    ]);
  });

  it.each<[string, InvocationOutcome, string]>([
    ['that dies', { kind: 'failed', errorType: 'Runtime.ExitError', errorMessage: 'gone' }, 'AUTHORIZER_FAILURE'],
    ['that has no room', { kind: 'dropped', reason: 'throttled' }, 'AUTHORIZER_FAILURE'],
    ['that says nothing', { kind: 'answered', payload: null }, 'AUTHORIZER_CONFIGURATION_ERROR'],
    [
      'that says more than text of the caller',
      { kind: 'answered', payload: { ...allowAll('a/b'), context: { list: [] } } },
      'AUTHORIZER_CONFIGURATION_ERROR',
    ],
    ['that allows another API', { kind: 'answered', payload: allowAll('another/x') }, 'ACCESS_DENIED'],
  ])('%s lets nobody in', async (_, outcome, trouble) => {
    expect(await setUp({}, () => outcome).ask('a')).toEqual({ kind: 'refused', trouble });
  });
});
