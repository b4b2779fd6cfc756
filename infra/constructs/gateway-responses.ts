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
  // A lane that has no key: ours is the fault, no caller sends one.
  { type: ResponseType.INVALID_API_KEY, says: 'INTERNAL' },
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

/**
 * The gateway cannot tell whether an id that it was sent is one, and whatever a caller wrote must not come back unread: so
 * it says its own, which stands in the access log, and beside the caller's in the authoriser's log line where it was asked.
 */
const named = { 'X-Request-ID': 'context.requestId' };

/** Gives every answer of the gateway itself a body that says what is wrong, whose move it is and what to do. */
export const answerInOutcomes = (api: RestApi): void => {
  for (const { type, says, keepStatus, headers } of answers) {
    api.addGatewayResponse(`Answer${type.responseType.replaceAll('_', '')}`, {
      type,
      ...(keepStatus ? {} : { statusCode: String(apiProblems[says].status) }),
      responseHeaders: {
        'Content-Type': `'${outcomeMediaType}'`,
        'Cache-Control': "'no-store'",
        ...named,
        ...headers,
      },
      // The gateway puts values in by name and knows no escape: so nothing in it may look like one.
      templates: { 'application/json': JSON.stringify(gatewayOutcome(says)) },
    });
  }
};
