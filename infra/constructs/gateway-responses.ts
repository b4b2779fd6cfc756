import { type ResponseType as GatewayResponseType, ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import {
  type ApiProblemCode,
  apiProblems,
  gatewayOutcome,
  outcomeMediaType,
} from '../../shared/platform/api-problems.ts';

interface Answer {
  readonly type: GatewayResponseType;
  readonly says: ApiProblemCode;
  /** Keep the status that API Gateway gives: for the two that stand for whatever has no answer of its own. */
  readonly keepStatus?: true;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What callers hear when the gateway itself answers: in the words and form of the function's own errors. */
const answers: readonly Answer[] = [
  { type: ResponseType.UNAUTHORIZED, says: 'UNAUTHORIZED', headers: { 'WWW-Authenticate': "'Bearer'" } },
  { type: ResponseType.ACCESS_DENIED, says: 'CLIENT_NOT_REGISTERED' },
  // What API Gateway calls a request to an address that it does not have.
  { type: ResponseType.MISSING_AUTHENTICATION_TOKEN, says: 'ROUTE_NOT_FOUND' },
  { type: ResponseType.RESOURCE_NOT_FOUND, says: 'ROUTE_NOT_FOUND' },
  { type: ResponseType.REQUEST_TOO_LARGE, says: 'BODY_TOO_LARGE' },
  { type: ResponseType.UNSUPPORTED_MEDIA_TYPE, says: 'UNSUPPORTED_MEDIA_TYPE' },
  { type: ResponseType.THROTTLED, says: 'TOO_MANY_REQUESTS', headers: { 'Retry-After': "'1'" } },
  { type: ResponseType.QUOTA_EXCEEDED, says: 'TOO_MANY_REQUESTS', headers: { 'Retry-After': "'60'" } },
  { type: ResponseType.INTEGRATION_FAILURE, says: 'UNAVAILABLE' },
  { type: ResponseType.INTEGRATION_TIMEOUT, says: 'UNAVAILABLE' },
  { type: ResponseType.AUTHORIZER_FAILURE, says: 'UNAVAILABLE' },
  { type: ResponseType.AUTHORIZER_CONFIGURATION_ERROR, says: 'INTERNAL' },
  { type: ResponseType.DEFAULT_4XX, says: 'REQUEST_REFUSED', keepStatus: true },
  { type: ResponseType.DEFAULT_5XX, says: 'INTERNAL', keepStatus: true },
];

/** The caller's own ids come back where it sent them; API Gateway's `x-amzn-RequestId` is on every answer. */
const mirrored = {
  'X-Request-ID': 'method.request.header.X-Request-ID',
  'X-Correlation-ID': 'method.request.header.X-Correlation-ID',
};

/** Gives every answer of the gateway itself a body that says what is wrong, whose move it is and what to do. */
export const answerInOutcomes = (api: RestApi): void => {
  for (const { type, says, keepStatus, headers } of answers) {
    api.addGatewayResponse(`Answer${type.responseType.replaceAll('_', '')}`, {
      type,
      ...(keepStatus ? {} : { statusCode: String(apiProblems[says].status) }),
      responseHeaders: {
        'Content-Type': `'${outcomeMediaType}'`,
        'Cache-Control': "'no-store'",
        ...mirrored,
        ...headers,
      },
      // The gateway puts values in by name and knows no escape: so nothing in it may look like one.
      templates: { 'application/json': JSON.stringify(gatewayOutcome(says)) },
    });
  }
};
