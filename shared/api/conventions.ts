import { pathText } from '../submission/read-manifest.ts';
import { correlationId, type RequestIds, requestId } from '../submission/request-metadata.ts';
import { acceptsJson, carriesJson } from './negotiation.ts';
import { type ApiProblem, apiProblem } from './problems.ts';
import type { ApiRequest } from './request.ts';

/** A header that was sent once; sent twice it is wrong, whatever it says. */
const single = ({ headers }: Pick<ApiRequest, 'headers'>, name: string) => {
  const values = headers.get(name) ?? [];
  return { given: values.length > 0, value: values.length === 1 ? values[0] : undefined };
};

const soundRequestId = (request: Pick<ApiRequest, 'headers'>) =>
  requestId.safeParse(single(request, 'x-request-id').value).data;
const soundCorrelationId = (request: Pick<ApiRequest, 'headers'>) =>
  correlationId.safeParse(single(request, 'x-correlation-id').value).data;

/** The ids that can be mirrored; in place of a request id that cannot, the gateway's own. */
export const requestIds = (request: Pick<ApiRequest, 'headers' | 'gatewayRequestId'>): RequestIds => {
  const correlation = soundCorrelationId(request);
  return {
    requestId: soundRequestId(request) ?? request.gatewayRequestId,
    ...(correlation === undefined ? {} : { correlationId: correlation }),
  };
};

const idProblems = (request: ApiRequest): ApiProblem[] => {
  const found: ApiProblem[] = [];
  if (!single(request, 'x-request-id').given) found.push(apiProblem('REQUEST_ID_MISSING', 'http.x-request-id'));
  else if (soundRequestId(request) === undefined) found.push(apiProblem('REQUEST_ID_NOT_UUID', 'http.x-request-id'));
  if (single(request, 'x-correlation-id').given && soundCorrelationId(request) === undefined) {
    found.push(apiProblem('CORRELATION_ID_NOT_ALLOWED', 'http.x-correlation-id'));
  }
  return found;
};

/** All that is wrong with a request before its body is looked at. `parameters`: those that its query may have. */
export const headerProblems = (request: ApiRequest, parameters: readonly string[]): ApiProblem[] => [
  ...idProblems(request),
  ...(acceptsJson(request.headers.get('accept') ?? []) ? [] : [apiProblem('NOT_ACCEPTABLE', 'http.accept')]),
  ...(request.method === 'POST' && !carriesJson(request.headers)
    ? [apiProblem('UNSUPPORTED_MEDIA_TYPE', 'http.content-type')]
    : []),
  ...[...request.query].flatMap(([name, values]) =>
    parameters.includes(name) && values.length === 1
      ? []
      : [apiProblem('QUERY_NOT_ALLOWED', `query.${pathText([name])}`)],
  ),
];
