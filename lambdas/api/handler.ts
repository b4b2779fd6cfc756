import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { z } from 'zod';
import { answer } from '../../shared/api/answer.ts';
import type { ApiContext } from '../../shared/api/context.ts';
import { headersOf, queryOf } from '../../shared/api/gateway-values.ts';
import type { ApiRequest } from '../../shared/api/request.ts';

/** What the authoriser put beside the request. Nothing else says who calls. */
const authorised = z.object({
  clientId: z.string().min(1),
  /** Absent where the client is registered for no organisation. */
  odsCode: z.string().min(1).optional(),
  scopes: z.string().optional(),
});

const callerOf = ({ requestContext }: APIGatewayProxyEvent): Pick<ApiRequest, 'caller' | 'unregisteredClient'> => {
  const read = authorised.safeParse(requestContext.authorizer).data;
  if (!read) return {};
  const { clientId, odsCode, scopes = '' } = read;
  if (odsCode === undefined) return { unregisteredClient: clientId };
  return { caller: { clientId, odsCode, scopes: scopes.split(' ').filter((scope) => scope !== '') } };
};

const requestOf = (event: APIGatewayProxyEvent): ApiRequest => {
  const pathParameters = Object.entries(event.pathParameters ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    method: event.httpMethod,
    resource: event.resource,
    calledPath: event.requestContext.path ?? event.path,
    gatewayRequestId: event.requestContext.requestId,
    headers: headersOf(event),
    query: queryOf(event),
    pathParameters: Object.fromEntries(pathParameters),
    ...(event.body === null ? {} : { body: Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8') }),
    ...callerOf(event),
  };
};

/** From the gateway's event to a request, and from the answer to what the gateway takes. */
export const apiHandler =
  (context: ApiContext) =>
  async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    try {
      const { status, headers, body } = await answer(context, requestOf(event));
      return { statusCode: status, headers: { ...headers }, body: JSON.stringify(body) };
    } finally {
      context.measure.flush();
    }
  };
