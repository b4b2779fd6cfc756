import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stageNames } from '../../infra/config/stage-settings.ts';
import { stageSettingsOf } from '../../infra/config/stages.ts';
import { laneKey, lanes } from '../../shared/platform/api-lanes.ts';
import { type ApiProblemCode, apiProblems, outcomeMediaType } from '../../shared/platform/api-problems.ts';
import { type ApiRoute, apiRoutes } from '../../shared/platform/api-routes.ts';
import { type Resource, synthesise } from './support.ts';

const system = synthesise();
const api = system.one('AWS::ApiGateway::RestApi', 'Gateway');
const stage = system.one('AWS::ApiGateway::Stage', 'Gateway');
const authoriser = system.one('AWS::ApiGateway::Authorizer', 'Authoriser');
const routes: readonly ApiRoute[] = Object.values(apiRoutes);

const resources = system.of('AWS::ApiGateway::Resource');
const pathOf = (id: unknown): string => {
  const found = resources.find((each) => system.ref(each) === id);
  return found ? `${pathOf(found.properties.ParentId)}/${found.properties.PathPart}` : '';
};
const methods = system
  .of('AWS::ApiGateway::Method')
  .map(({ properties }) => ({ name: `${properties.HttpMethod} ${pathOf(properties.ResourceId)}`, properties }));
const methodNamed = (name: string) => {
  const found = methods.find((each) => each.name === name);
  if (!found) throw new Error(`no method ${name}`);
  return found.properties;
};

describe('the routes', () => {
  it('are those that the function answers, each beside ANY, and no others', () => {
    const expected = routes.flatMap(({ method, resource }) => [`${method} ${resource}`, `ANY ${resource}`]);
    expect(methods.map(({ name }) => name).sort()).toEqual([...new Set(expected)].sort());
    expect(resources.filter(({ properties }) => String(properties.PathPart).endsWith('+}'))).toEqual([]);
  });

  it.each(methods.map(({ name }) => name))('%s goes to the function whole, which only it may invoke so', (name) => {
    const lambda = system.one('AWS::Lambda::Function', 'ApiFunction');
    const { Integration } = methodNamed(name);
    expect(Integration).toMatchObject({ Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST' });
    expect(z.object({ Uri: z.string() }).parse(Integration).Uri).toContain(
      `functions/${system.arn(lambda)}/invocations`,
    );
    const [method = '', path = ''] = name.split(' ');
    const end = `/${method === 'ANY' ? '*' : method}${path.replace(/\{\w+\}/, '*')}`;
    const permitted = system
      .of('AWS::Lambda::Permission')
      .filter(({ properties }) => String(properties.SourceArn).endsWith(end))
      .map(({ properties }) => properties);
    expect(permitted).toEqual([
      expect.objectContaining({
        Action: 'lambda:InvokeFunction',
        FunctionName: system.arn(lambda),
        Principal: 'apigateway.amazonaws.com',
      }),
    ]);
  });

  it('may be called without a token where they have no scope, and nowhere else', () => {
    for (const { method, resource, scope } of routes) {
      for (const name of [`${method} ${resource}`, `ANY ${resource}`]) {
        expect(methodNamed(name)).toMatchObject(
          scope === undefined
            ? { AuthorizationType: 'NONE' }
            : { AuthorizationType: 'CUSTOM', AuthorizerId: system.ref(authoriser) },
        );
      }
    }
    const open = methods.filter(({ properties }) => properties.AuthorizationType === 'NONE').map(({ name }) => name);
    expect(open.sort()).toEqual(['ANY /v1/_ping', 'ANY /v1/_status', 'GET /v1/_ping', 'GET /v1/_status']);
  });

  it('let nobody invoke a function from the console’s test', () => {
    const sources = system.of('AWS::Lambda::Permission').map(({ properties }) => String(properties.SourceArn));
    expect(sources.filter((source) => source.includes('test-invoke-stage'))).toEqual([]);
  });
});

describe('the authoriser', () => {
  it('is asked with the whole request, never without a token, and not believed for longer than five minutes', () => {
    expect(authoriser.properties).toMatchObject({
      Type: 'REQUEST',
      IdentitySource: 'method.request.header.Authorization',
    });
    const { AuthorizerResultTtlInSeconds: seconds } = authoriser.properties;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(300);
  });

  it.each(stageNames)('in stage %s is told whose tokens to take', (name) => {
    const { api: setting } = stageSettingsOf(name);
    const lambda = synthesise({ stage: name }).one('AWS::Lambda::Function', 'AuthoriseFunction');
    expect(lambda.properties.Environment).toMatchObject({
      Variables: {
        TOKEN_ISSUER: setting.tokenIssuer,
        TOKEN_AUDIENCE: setting.tokenAudience,
        JWKS_URL: setting.jwksUrl,
        TOKEN_LEEWAY_SECONDS: String(setting.leewaySeconds),
      },
    });
  });
});

describe('the way in', () => {
  it('is regional, over TLS 1.2 or newer, with no other origin let in', () => {
    expect(api.properties).toMatchObject({
      EndpointConfiguration: { Types: ['REGIONAL'] },
      SecurityPolicy: expect.stringMatching(/^SecurityPolicy_TLS13_1_[23]_/),
      EndpointAccessMode: 'STRICT',
    });
    expect(methods.filter(({ name }) => name.startsWith('OPTIONS'))).toEqual([]);
  });

  it('is throttled as the stage says', () => {
    const varied = synthesise({ settings: { api: { throttle: { rate: 7, burst: 9 } } } });
    expect(varied.one('AWS::ApiGateway::Stage', 'Gateway').properties.MethodSettings).toEqual([
      expect.objectContaining({
        HttpMethod: '*',
        ResourcePath: '/*',
        ThrottlingRateLimit: 7,
        ThrottlingBurstLimit: 9,
        LoggingLevel: 'OFF',
        DataTraceEnabled: false,
      }),
    ]);
  });

  it('gives each lane of callers a limit of its own, which the authoriser names and no caller can', () => {
    const settings = { api: { throttle: { each: { rate: 3, burst: 4 } } } };
    const varied = synthesise({ settings });
    expect(varied.one('AWS::ApiGateway::RestApi', 'Gateway').properties.ApiKeySourceType).toBe('AUTHORIZER');
    const plan = varied.one('AWS::ApiGateway::UsagePlan', 'CallerLanes');
    expect(plan.properties).toMatchObject({
      Throttle: { RateLimit: 3, BurstLimit: 4 },
      ApiStages: [{ Stage: varied.ref(varied.one('AWS::ApiGateway::Stage', 'Gateway')) }],
    });
    const keys = varied.of('AWS::ApiGateway::ApiKey');
    expect(keys.map(({ properties }) => properties.Value).sort()).toEqual(lanes.map((lane) => laneKey('local', lane)));
    for (const { properties } of keys) expect(String(properties.Value).length).toBeGreaterThanOrEqual(20);
    const linked = varied.of('AWS::ApiGateway::UsagePlanKey').map(({ properties }) => properties);
    expect(linked.map(({ KeyId }) => KeyId).sort()).toEqual(keys.map((key) => varied.ref(key)).sort());
    expect(new Set(linked.map(({ UsagePlanId }) => UsagePlanId))).toEqual(new Set([varied.ref(plan)]));
    for (const { properties } of methods) {
      expect(properties.ApiKeyRequired ?? false).toBe(properties.AuthorizationType === 'CUSTOM');
    }
  });

  it('leaves one organisation less than all callers together have, in every stage', () => {
    for (const name of stageNames) {
      const { rate, burst, each } = stageSettingsOf(name).api.throttle;
      expect(each.rate).toBeLessThan(rate);
      expect(each.burst).toBeLessThan(burst);
    }
  });

  it('cannot be deployed with half an issuer', () => {
    const half = { api: { tokenIssuer: 'https://issuer.example' } };
    expect(() => stageSettingsOf('local', half)).toThrow(/name both/);
    const whole = { api: { ...half.api, jwksUrl: 'https://issuer.example/jwks.json' } };
    expect(stageSettingsOf('local', whole).api.tokenIssuer).toBe('https://issuer.example');
  });

  it('lets a PDF through inside a request that a function can still take', () => {
    for (const name of stageNames) {
      const base64 = (stageSettingsOf(name).api.maxInlineBytes / 3) * 4;
      expect(base64 + 64 * 1024).toBeLessThan(6 * 2 ** 20 - 64 * 1024);
    }
  });
});

describe('the access log', () => {
  const setting = z.object({ DestinationArn: z.string(), Format: z.string() }).parse(stage.properties.AccessLogSetting);
  const format = z.record(z.string(), z.string()).parse(JSON.parse(setting.Format));

  it('holds these and nothing else: no path, query, header or body of the caller’s', () => {
    expect(format).toEqual({
      requestId: '$context.requestId',
      at: '$context.requestTimeEpoch',
      method: '$context.httpMethod',
      resource: '$context.resourcePath',
      status: '$context.status',
      gatewayAnswer: '$context.error.responseType',
      authoriserStatus: '$context.authorizer.status',
      functionStatus: '$context.integrationStatus',
      clientId: '$context.authorizer.clientId',
      odsCode: '$context.authorizer.odsCode',
      took: '$context.responseLatency',
      functionTook: '$context.integrationLatency',
      length: '$context.responseLength',
    });
  });

  it('goes to an encrypted group that stays', () => {
    const group = system.one('AWS::Logs::LogGroup', 'AccessLog');
    expect(setting.DestinationArn).toMatch(new RegExp(`:log-group:${system.ref(group)}$`));
    expect(group.properties.KmsKeyId).toBe(system.arn(system.one('AWS::KMS::Key', 'MessagingKey')));
    expect(group.deletionPolicy).toBe('Retain');
  });

  it('is written with a role that outlives this stack, as other APIs of the account log with it', () => {
    const account = system.one('AWS::ApiGateway::Account', 'GatewayAccount');
    const role = system.one('AWS::IAM::Role', 'GatewayLogs');
    expect(account.properties.CloudWatchRoleArn).toBe(system.arn(role));
    for (const kept of [account, role]) expect(kept.deletionPolicy).toBe('Retain');
    expect(JSON.stringify(role.properties.AssumeRolePolicyDocument)).toContain('apigateway.amazonaws.com');
  });
});

describe('what the gateway answers by itself', () => {
  const outcome = z.strictObject({
    resourceType: z.literal('OperationOutcome'),
    issue: z
      .array(
        z.strictObject({
          severity: z.literal('error'),
          code: z.string(),
          details: z.strictObject({
            coding: z.array(z.strictObject({ system: z.string(), code: z.string() })).length(1),
            text: z.string(),
          }),
          diagnostics: z.string(),
        }),
      )
      .length(1),
  });
  const answers = new Map(
    system.of('AWS::ApiGateway::GatewayResponse').map((each) => [String(each.properties.ResponseType), each]),
  );
  const codeOf = (answer: Resource): ApiProblemCode => {
    const templates = z.record(z.string(), z.string()).parse(answer.properties.ResponseTemplates);
    expect(Object.keys(templates)).toEqual(['application/json']);
    const [issue] = outcome.parse(JSON.parse(templates['application/json'] ?? '')).issue;
    return issue?.details.coding[0]?.code as ApiProblemCode;
  };

  it.each([
    ['UNAUTHORIZED', 'UNAUTHORIZED', 401],
    ['ACCESS_DENIED', 'CLIENT_NOT_REGISTERED', 403],
    ['INVALID_API_KEY', 'INTERNAL', 500],
    ['MISSING_AUTHENTICATION_TOKEN', 'ROUTE_NOT_FOUND', 404],
    ['RESOURCE_NOT_FOUND', 'ROUTE_NOT_FOUND', 404],
    ['REQUEST_TOO_LARGE', 'BODY_TOO_LARGE', 413],
    ['UNSUPPORTED_MEDIA_TYPE', 'UNSUPPORTED_MEDIA_TYPE', 415],
    ['THROTTLED', 'TOO_MANY_REQUESTS', 429],
    ['QUOTA_EXCEEDED', 'TOO_MANY_REQUESTS', 429],
    ['INTEGRATION_FAILURE', 'UNAVAILABLE', 503],
    ['INTEGRATION_TIMEOUT', 'UNAVAILABLE', 503],
    ['AUTHORIZER_FAILURE', 'UNAVAILABLE', 503],
    ['AUTHORIZER_CONFIGURATION_ERROR', 'INTERNAL', 500],
    ['DEFAULT_4XX', 'REQUEST_REFUSED', undefined],
    ['DEFAULT_5XX', 'INTERNAL', undefined],
  ] as const)('to %s is an OperationOutcome with %s and status %s', (type, code, status) => {
    const answer = answers.get(type);
    if (!answer) throw new Error(`no answer to ${type}`);
    expect(codeOf(answer)).toBe(code);
    // Where none is given the gateway's own stays: those two stand for all that have no answer of their own.
    expect(answer.properties.StatusCode).toBe(status === undefined ? undefined : String(status));
    if (status !== undefined) expect(apiProblems[code].status).toBe(status);
    expect(answer.properties.ResponseParameters).toMatchObject({
      'gatewayresponse.header.Content-Type': `'${outcomeMediaType}'`,
      'gatewayresponse.header.X-Request-ID': 'context.requestId',
    });
    // Nothing that a caller wrote comes back unread.
    expect(JSON.stringify(answer.properties.ResponseParameters)).not.toContain('method.request');
  });

  it('says how to get in at 401, and when to come again at 429', () => {
    expect(answers.get('UNAUTHORIZED')?.properties.ResponseParameters).toMatchObject({
      'gatewayresponse.header.WWW-Authenticate': "'Bearer'",
    });
    expect(answers.get('THROTTLED')?.properties.ResponseParameters).toMatchObject({
      'gatewayresponse.header.Retry-After': "'1'",
    });
  });

  it('is all that is answered: each is tested above', () => {
    expect(answers.size).toBe(15);
  });

  it('holds nothing that the gateway would take for a variable', () => {
    for (const { properties } of answers.values())
      expect(JSON.stringify(properties.ResponseTemplates)).not.toContain('$');
  });
});

describe('its alarms', () => {
  it('are on its functions and on its server errors', () => {
    const names = system
      .of('AWS::CloudWatch::Alarm')
      .filter((alarm) => alarm.stack === 'api')
      .map(({ properties }) => String(properties.AlarmName).replace('send-document-local/', ''));
    // The authoriser refuses by failing, so its errors tell nothing; what it cannot decide is a server error.
    expect(names.sort()).toEqual([
      'Api/ServerErrors',
      'ApiFunction/Failing',
      'ApiFunction/Throttled',
      'Authorise/Throttled',
    ]);
    const { Metrics } = system.one('AWS::CloudWatch::Alarm', 'ServerErrors').properties;
    expect(Metrics).toContainEqual(
      expect.objectContaining({
        MetricStat: expect.objectContaining({
          Metric: expect.objectContaining({
            Dimensions: [
              { Name: 'ApiName', Value: api.properties.Name },
              { Name: 'Stage', Value: stage.properties.StageName },
            ],
          }),
        }),
      }),
    );
  });
});
