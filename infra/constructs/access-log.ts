import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';

/**
 * What is kept of each request: this and nothing else. No path, query or header of the caller's: the resource is the
 * template's own (`/v1/documents/{documentId}`). The caller's X-Request-ID cannot be had here; the function logs it.
 */
export const accessLogFields = {
  requestId: AccessLogField.contextRequestId(),
  /** Epoch ms. */
  at: AccessLogField.contextRequestTimeEpoch(),
  method: AccessLogField.contextHttpMethod(),
  resource: AccessLogField.contextResourcePath(),
  status: AccessLogField.contextStatus(),
  /** Which answer of the gateway itself it was; `-` where the function answered. */
  gatewayAnswer: AccessLogField.contextErrorResponseType(),
  authoriserStatus: AccessLogField.contextAuthorizerStatus(),
  functionStatus: AccessLogField.contextIntegrationStatus(),
  clientId: AccessLogField.contextAuthorizer('clientId'),
  odsCode: AccessLogField.contextAuthorizer('odsCode'),
  /** Milliseconds. */
  took: AccessLogField.contextResponseLatency(),
  functionTook: AccessLogField.contextIntegrationLatency(),
  /** Bytes. */
  length: AccessLogField.contextResponseLength(),
};

export const accessLogFormat = AccessLogFormat.custom(JSON.stringify(accessLogFields));
