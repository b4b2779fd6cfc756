import { createHash } from 'node:crypto';
import { z } from 'zod';
import { seconds } from '../../../shared/platform/clock.ts';
import { type ApiUnderway, apiUnderway, deploy, type Throttle } from '../api-gateway/definition.ts';
import type { Plan } from '../plan.ts';
import { type Declared, type Family, family, flag, generatedName, number } from './family.ts';

/** Ten small letters and digits, as API Gateway names its things. */
const generatedId = ({ stack, logicalId }: Declared<unknown>, what = ''): string =>
  createHash('sha256').update(`${stack}/${logicalId}/${what}`).digest('hex').slice(0, 10);

const apiOf = (plan: Plan, id: string): ApiUnderway => {
  const api = plan.apis.get(id);
  if (!api) throw new Error(`There is no API ${id}`);
  return api;
};

/** The function that a URI such as `arn:aws:apigateway:…:lambda:path/2015-03-31/functions/{arn}/invocations` invokes. */
const functionUri = z.string().transform((uri, context) => {
  const [, arn] = /\/functions\/(arn:[^/]+)\/invocations$/.exec(uri) ?? [];
  if (arn !== undefined) return arn;
  context.addIssue({ code: 'custom', message: 'only functions are behind an API here' });
  return z.NEVER;
});

const restApi = family(
  'AWS::ApiGateway::RestApi',
  z.object({
    Name: z.string(),
    // From elsewhere a caller would have to send a key.
    ApiKeySourceType: z.literal('AUTHORIZER').optional(),
    EndpointConfiguration: z.looseObject({ Types: z.array(z.enum(['REGIONAL', 'EDGE'])) }).optional(),
  }),
  // How the cloud encrypts the way to it.
  ['Description', 'EndpointAccessMode', 'SecurityPolicy', 'Tags'],
  (declared, { plan }) => {
    const id = generatedId(declared);
    const rootId = generatedId(declared, 'root');
    plan.apis.set(id, apiUnderway(id, rootId, declared.properties.Name));
    return { ref: id, attributes: { RestApiId: id, RootResourceId: rootId } };
  },
);

const resource = family(
  'AWS::ApiGateway::Resource',
  z.object({ RestApiId: z.string(), ParentId: z.string(), PathPart: z.string() }),
  [],
  (declared, { plan }) => {
    const { RestApiId, ParentId, PathPart } = declared.properties;
    const { resources } = apiOf(plan, RestApiId);
    if (!resources.has(ParentId)) throw new Error(`The API has no resource ${ParentId}`);
    const id = generatedId(declared);
    resources.set(id, { id, parentId: ParentId, pathPart: PathPart });
    return { ref: id, attributes: { ResourceId: id } };
  },
);

const integration = z.object({
  // Anything but the proxy integration would need the template language of requests and responses.
  Type: z.literal('AWS_PROXY'),
  Uri: functionUri,
  IntegrationHttpMethod: z.literal('POST'),
  TimeoutInMillis: number.default(29_000),
});

const method = family(
  'AWS::ApiGateway::Method',
  z.object({
    RestApiId: z.string(),
    ResourceId: z.string(),
    HttpMethod: z.string(),
    AuthorizationType: z.enum(['NONE', 'CUSTOM']),
    AuthorizerId: z.string().optional(),
    ApiKeyRequired: flag.default(false),
    Integration: integration,
  }),
  ['OperationName'],
  (declared, { plan }) => {
    const { RestApiId, ResourceId, HttpMethod, AuthorizationType, AuthorizerId, ApiKeyRequired, Integration } =
      declared.properties;
    const api = apiOf(plan, RestApiId);
    if (!api.resources.has(ResourceId)) throw new Error(`The API has no resource ${ResourceId}`);
    if (AuthorizationType === 'CUSTOM' && (AuthorizerId === undefined || !api.authorizers.has(AuthorizerId))) {
      throw new Error('The method names no authoriser that the API has');
    }
    api.methods.push({
      resourceId: ResourceId,
      httpMethod: HttpMethod,
      functionArn: Integration.Uri,
      needsKey: ApiKeyRequired,
      timeoutMs: Integration.TimeoutInMillis,
      ...(AuthorizationType === 'CUSTOM' && AuthorizerId !== undefined ? { authorizerId: AuthorizerId } : {}),
    });
    return { ref: generatedId(declared), attributes: {} };
  },
);

const authorizer = family(
  'AWS::ApiGateway::Authorizer',
  z.object({
    RestApiId: z.string(),
    Type: z.enum(['TOKEN', 'REQUEST']),
    AuthorizerUri: functionUri,
    AuthorizerResultTtlInSeconds: number.default(300),
    IdentitySource: z.string().default(''),
    IdentityValidationExpression: z.string().optional(),
  }),
  ['AuthType', 'Name'],
  (declared, { plan }) => {
    const { properties } = declared;
    const id = generatedId(declared);
    apiOf(plan, properties.RestApiId).authorizers.set(id, {
      id,
      type: properties.Type,
      functionArn: properties.AuthorizerUri,
      identitySources: properties.IdentitySource.split(',')
        .map((source) => source.trim())
        .filter((source) => source !== ''),
      ttlMs: seconds(properties.AuthorizerResultTtlInSeconds),
      ...(properties.IdentityValidationExpression === undefined
        ? {}
        : { validation: new RegExp(`^(?:${properties.IdentityValidationExpression})$`) }),
    });
    return { ref: id, attributes: { AuthorizerId: id } };
  },
);

const gatewayResponse = family(
  'AWS::ApiGateway::GatewayResponse',
  z.object({
    RestApiId: z.string(),
    ResponseType: z.string(),
    ResponseParameters: z.record(z.string(), z.string()).default({}),
    ResponseTemplates: z.record(z.string(), z.string()).default({}),
    StatusCode: number.optional(),
  }),
  [],
  (declared, { plan }) => {
    const { RestApiId, ResponseType, ResponseParameters, ResponseTemplates, StatusCode } = declared.properties;
    apiOf(plan, RestApiId).answers.set(ResponseType, {
      parameters: ResponseParameters,
      templates: ResponseTemplates,
      ...(StatusCode === undefined ? {} : { status: StatusCode }),
    });
    return { ref: generatedId(declared), attributes: { Id: generatedId(declared) } };
  },
);

const deployment = family(
  'AWS::ApiGateway::Deployment',
  z.object({ RestApiId: z.string() }),
  ['Description'],
  (declared, { plan }) => {
    const api = apiOf(plan, declared.properties.RestApiId);
    const id = generatedId(declared);
    api.deployments.set(id, deploy(api, id));
    return { ref: id, attributes: { DeploymentId: id } };
  },
);

const methodSetting = z.object({
  HttpMethod: z.literal('*'),
  ResourcePath: z.literal('/*'),
  ThrottlingRateLimit: number.optional(),
  ThrottlingBurstLimit: number.optional(),
  // Execution logs and metrics: what they would show stands in the access log and the functions' own logs.
  DataTraceEnabled: flag.optional(),
  LoggingLevel: z.string().optional(),
  MetricsEnabled: flag.optional(),
});

const throttleOf = (settings: readonly z.output<typeof methodSetting>[]): Throttle | undefined => {
  const [{ ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = {}] = settings;
  return rate === undefined || burst === undefined ? undefined : { rate, burst };
};

const stage = family(
  'AWS::ApiGateway::Stage',
  z.object({
    RestApiId: z.string(),
    DeploymentId: z.string(),
    StageName: z.string(),
    Variables: z.record(z.string(), z.string()).default({}),
    MethodSettings: z.array(methodSetting).max(1).default([]),
    AccessLogSetting: z.looseObject({ Format: z.string().optional() }).default({}),
  }),
  ['Description', 'Tags', 'TracingEnabled'],
  (declared, { plan }) => {
    const { RestApiId, DeploymentId, StageName, Variables, MethodSettings, AccessLogSetting } = declared.properties;
    const api = apiOf(plan, RestApiId);
    const deployed = api.deployments.get(DeploymentId);
    if (!deployed) throw new Error(`The API has no deployment ${DeploymentId}`);
    const throttle = throttleOf(MethodSettings);
    plan.apiStages.push({
      apiId: RestApiId,
      apiName: api.name,
      name: StageName,
      deployment: deployed,
      variables: Variables,
      keys: new Map(),
      ...(throttle === undefined ? {} : { throttle }),
      ...(AccessLogSetting.Format === undefined ? {} : { accessLogFormat: AccessLogSetting.Format }),
    });
    return { ref: StageName, attributes: {} };
  },
);

/** Which role writes the gateway's logs: here the engine does. */
const account = family('AWS::ApiGateway::Account', z.object({}), ['CloudWatchRoleArn'], (declared) => ({
  ref: generatedName(declared, 64),
  attributes: { Id: generatedName(declared, 64) },
}));

const apiKey = family(
  'AWS::ApiGateway::ApiKey',
  z.object({ Value: z.string().min(20).max(128), Enabled: flag.default(true) }),
  ['Description', 'Name', 'Tags'],
  (declared, { plan }) => {
    const { Value, Enabled } = declared.properties;
    if ([...plan.apiKeys.values()].includes(Value)) throw new Error('Another API key has the same value');
    const id = generatedId(declared);
    if (Enabled) plan.apiKeys.set(id, Value);
    return { ref: id, attributes: { APIKeyId: id } };
  },
);

const usagePlan = family(
  'AWS::ApiGateway::UsagePlan',
  z.object({
    ApiStages: z.array(z.strictObject({ ApiId: z.string(), Stage: z.string() })).default([]),
    Throttle: z.strictObject({ RateLimit: number, BurstLimit: number }).optional(),
  }),
  ['Description', 'Tags', 'UsagePlanName'],
  (declared, { plan }) => {
    const { ApiStages, Throttle: throttle } = declared.properties;
    const stages = ApiStages.map(({ ApiId, Stage }) => {
      const found = plan.apiStages.find(({ apiId, name }) => apiId === ApiId && name === Stage);
      if (!found) throw new Error(`The usage plan names a stage ${Stage} that its API has not`);
      return found;
    });
    const id = generatedId(declared);
    plan.usagePlans.set(id, {
      stages,
      ...(throttle === undefined ? {} : { throttle: { rate: throttle.RateLimit, burst: throttle.BurstLimit } }),
    });
    return { ref: id, attributes: { Id: id } };
  },
);

const usagePlanKey = family(
  'AWS::ApiGateway::UsagePlanKey',
  z.object({ KeyId: z.string(), KeyType: z.literal('API_KEY'), UsagePlanId: z.string() }),
  [],
  (declared, { plan }) => {
    const { KeyId, UsagePlanId } = declared.properties;
    const usage = plan.usagePlans.get(UsagePlanId);
    const key = plan.apiKeys.get(KeyId);
    if (!usage) throw new Error(`There is no usage plan ${UsagePlanId}`);
    if (key !== undefined) for (const { keys } of usage.stages) keys.set(key, usage.throttle);
    return { ref: generatedId(declared), attributes: { Id: generatedId(declared) } };
  },
);

/** Types that a template may have and that nothing here enforces: said aloud, because a caller would notice. */
const unenforced = (type: string, attribute: string): Family => ({
  type,
  create(declared, { warn }) {
    warn(`${type} ${declared.path} is not enforced here`);
    const id = generatedId(declared);
    return { ref: id, attributes: { [attribute]: id } };
  },
});

export const apiGatewayFamilies: readonly Family[] = [
  restApi,
  resource,
  method,
  authorizer,
  gatewayResponse,
  deployment,
  stage,
  account,
  apiKey,
  usagePlan,
  usagePlanKey,
  unenforced('AWS::ApiGateway::RequestValidator', 'RequestValidatorId'),
];
