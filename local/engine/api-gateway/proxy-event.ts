import type { JsonObject } from '../../aws/events/pattern.ts';
import { type Place, requestTime } from './context.ts';
import type { ApiStage } from './definition.ts';
import type { Match } from './match.ts';
import { allValues, type GatewayRequest, headerValue, lastValues } from './request.ts';

/** What an authoriser said of the caller: strings, whatever they were before. */
export type AuthorizerContext = Readonly<Record<string, string>>;

const nullIfEmpty = <T extends object>(record: T): T | null => (Object.keys(record).length === 0 ? null : record);

/** `requestContext` of a function behind the API and of its authoriser. */
const requestContext = (
  request: GatewayRequest,
  stage: ApiStage,
  match: Match,
  { account }: Place,
  authorizer?: AuthorizerContext,
): JsonObject => ({
  accountId: account,
  apiId: stage.apiId,
  ...(authorizer === undefined ? {} : { authorizer }),
  deploymentId: stage.deployment.id,
  domainName: request.host,
  domainPrefix: stage.apiId,
  extendedRequestId: request.extendedRequestId,
  httpMethod: request.method,
  identity: {
    accessKey: null,
    accountId: null,
    apiKey: null,
    apiKeyId: null,
    caller: null,
    clientCert: null,
    cognitoAuthenticationProvider: null,
    cognitoAuthenticationType: null,
    cognitoIdentityId: null,
    cognitoIdentityPoolId: null,
    principalOrgId: null,
    sourceIp: request.sourceIp,
    user: null,
    userAgent: headerValue(request.headers, 'User-Agent') ?? null,
    userArn: null,
  },
  path: request.path,
  protocol: request.protocol,
  requestId: request.requestId,
  requestTime: requestTime(request.at),
  requestTimeEpoch: request.at,
  resourceId: match.resource.id,
  resourcePath: match.resourcePath,
  stage: stage.name,
});

const requestParts = (request: GatewayRequest, stage: ApiStage, match: Match): JsonObject => ({
  resource: match.resourcePath,
  path: request.pathInStage,
  httpMethod: request.method,
  headers: lastValues(request.headers),
  multiValueHeaders: allValues(request.headers),
  queryStringParameters: lastValues(request.query),
  multiValueQueryStringParameters: allValues(request.query),
  pathParameters: nullIfEmpty(match.parameters),
  stageVariables: nullIfEmpty(stage.variables),
});

/** What a function behind the API is given (version 1.0, as REST APIs have it). */
export const proxyEvent = (
  request: GatewayRequest,
  stage: ApiStage,
  match: Match,
  place: Place,
  authorizer?: AuthorizerContext,
): JsonObject => ({
  ...requestParts(request, stage, match),
  requestContext: requestContext(request, stage, match, place, authorizer),
  body: request.body ?? null,
  // The API names no binary media types: everything is text.
  isBase64Encoded: false,
});

/** What an authoriser of type REQUEST is given. */
export const authorizerRequestEvent = (
  request: GatewayRequest,
  stage: ApiStage,
  match: Match,
  place: Place,
  methodArn: string,
): JsonObject => ({
  type: 'REQUEST',
  methodArn,
  ...requestParts(request, stage, match),
  requestContext: requestContext(request, stage, match, place),
});

/** `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{METHOD}/{path}` */
export const methodArnOf = (request: GatewayRequest, stage: ApiStage, { region, account }: Place): string =>
  `arn:aws:execute-api:${region}:${account}:${stage.apiId}/${stage.name}/${request.method}${request.pathInStage}`;
