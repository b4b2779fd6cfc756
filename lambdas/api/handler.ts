import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { z } from 'zod';
import { answer } from '../../shared/api/answer.ts';
import type { ApiContext } from '../../shared/api/context.ts';
import type { ApiRequest } from '../../shared/api/request.ts';
import type { Caller } from '../../shared/callers/authorise.ts';

/** What the authoriser put beside the request. Nothing else says who calls. */
const authorised = z.object({ clientId: z.string().min(1), odsCode: z.string().min(1), scopes: z.string() });

const callerOf = ({ requestContext }: APIGatewayProxyEvent): Caller | undefined => {
  const read = authorised.safeParse(requestContext.authorizer).data;
  return read && { ...read, scopes: read.scopes.split(' ').filter((scope) => scope !== '') };
};

type Multiple = Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
type Single = Readonly<Record<string, string | undefined>> | null | undefined;

/** The gateway gives both; the one with every value counts where it is there. */
const values = (multiple: Multiple, single: Single, name: (text: string) => string): Map<string, readonly string[]> => {
  const all = new Map<string, readonly string[]>();
  const source =
    multiple ??
    Object.fromEntries(Object.entries(single ?? {}).map(([key, one]) => [key, one === undefined ? undefined : [one]]));
  for (const [key, list] of Object.entries(source)) {
    if (list) all.set(name(key), [...(all.get(name(key)) ?? []), ...list]);
  }
  return all;
};

const requestOf = (event: APIGatewayProxyEvent): ApiRequest => {
  const caller = callerOf(event);
  const pathParameters = Object.entries(event.pathParameters ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    method: event.httpMethod,
    resource: event.resource,
    calledPath: event.requestContext.path ?? event.path,
    gatewayRequestId: event.requestContext.requestId,
    headers: values(event.multiValueHeaders, event.headers, (header) => header.toLowerCase()),
    query: values(event.multiValueQueryStringParameters, event.queryStringParameters, (parameter) => parameter),
    pathParameters: Object.fromEntries(pathParameters),
    ...(event.body === null ? {} : { body: Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8') }),
    ...(caller ? { caller } : {}),
  };
};

/** From the gateway's event to a request, and from the answer to what the gateway takes. */
export const apiHandler =
  (context: ApiContext) =>
  async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    const { status, headers, body } = await answer(context, requestOf(event));
    return { statusCode: status, headers: { ...headers }, body: JSON.stringify(body) };
  };
