import type { Caller } from '../callers/authorise.ts';
import { apiProblems } from '../platform/api-problems.ts';
import { type ApiRoute, type ApiRouteName, apiRoutes } from '../platform/api-routes.ts';
import { errorText } from '../platform/log.ts';
import type { RequestIds } from '../submission/request-metadata.ts';
import type { ApiContext } from './context.ts';
import { headerProblems, requestIds } from './conventions.ts';
import { createUpload } from './create-upload.ts';
import { ping, status } from './health.ts';
import { listDocuments, listParameters } from './list-documents.ts';
import { apiProblem, refusal, refusalIfAny } from './problems.ts';
import type { ApiRequest } from './request.ts';
import type { ApiResponse } from './response.ts';
import { showDocument } from './show-document.ts';
import { submitDocument } from './submit-document.ts';

type Action = (context: ApiContext, request: ApiRequest, caller: Caller, ids: RequestIds) => Promise<ApiResponse>;

const actions: Record<ApiRouteName, Action> = {
  createUpload,
  submitDocument,
  listDocuments,
  showDocument,
  ping,
  status,
};

const parameters: Partial<Record<ApiRouteName, readonly string[]>> = { listDocuments: listParameters };

const nobody: Caller = { clientId: '', odsCode: '', scopes: [] };

/** What the request asks for, or why it is refused before anything is looked at. */
const route = ({
  method,
  resource,
}: ApiRequest): { readonly name: ApiRouteName; readonly route: ApiRoute } | { readonly refused: ApiResponse } => {
  const here = Object.entries(apiRoutes).filter(([, each]) => each.resource === resource);
  const [found] = here.filter(([, each]) => each.method === method);
  if (found) return { name: found[0] as ApiRouteName, route: found[1] };
  if (here.length === 0) return { refused: refusal([apiProblem('ROUTE_NOT_FOUND')]) };
  const Allow = here.map(([, each]) => each.method).join(', ');
  return { refused: refusal([apiProblem('METHOD_NOT_ALLOWED')], { headers: { Allow } }) };
};

const perform = async (context: ApiContext, request: ApiRequest, ids: RequestIds): Promise<ApiResponse> => {
  const found = route(request);
  if ('refused' in found) return found.refused;
  const { scope } = found.route;
  const action = actions[found.name];
  if (scope === undefined) return action(context, request, nobody, ids);
  const { caller, unregisteredClient } = request;
  if (unregisteredClient !== undefined) return refusal([apiProblem('CLIENT_NOT_REGISTERED')]);
  if (!caller) return refusal([apiProblem('UNAUTHORIZED')], { headers: { 'WWW-Authenticate': 'Bearer' } });
  if (!caller.scopes.includes(scope)) {
    return refusal([apiProblem('SCOPE_MISSING', undefined, `This request needs the scope ${scope}.`)]);
  }
  const refused = refusalIfAny(headerProblems(request, parameters[found.name] ?? []));
  return refused ?? action(context, request, caller, ids);
};

/** What was refused, by code: those of the manifest's page are one. */
const count = ({ measure }: ApiContext, request: ApiRequest, { resultCode }: ApiResponse): void => {
  if (resultCode === undefined) return;
  measure.count('RequestsRefused');
  measure.countRefusal(resultCode in apiProblems ? resultCode : 'MANIFEST_REFUSED');
  const { method, resource } = apiRoutes.submitDocument;
  if (request.method === method && request.resource === resource) measure.count('SubmissionsRefused');
};

/** Answers a request. Never throws: what went wrong here is an answer too, and is logged. */
export const answer = async (context: ApiContext, request: ApiRequest): Promise<ApiResponse> => {
  const { log } = context;
  const ids = requestIds(request);
  const response = await perform(context, request, ids).catch((error: unknown) => {
    log.error('REQUEST_FAILED', { ...ids, error: errorText(error) });
    return refusal([apiProblem('INTERNAL')]);
  });
  const { caller, unregisteredClient } = request;
  count(context, request, response);
  log.info('REQUEST_ANSWERED', {
    ...ids,
    gatewayRequestId: request.gatewayRequestId,
    ...(caller ? { clientId: caller.clientId, odsCode: caller.odsCode } : {}),
    ...(unregisteredClient === undefined ? {} : { clientId: unregisteredClient }),
    route: `${request.method} ${request.resource}`,
    status: response.status,
    ...(response.resultCode === undefined ? {} : { resultCode: response.resultCode }),
    ...(response.documentId === undefined ? {} : { documentId: response.documentId }),
  });
  return {
    ...response,
    headers: {
      ...response.headers,
      'X-Request-ID': ids.requestId,
      ...(ids.correlationId === undefined ? {} : { 'X-Correlation-ID': ids.correlationId }),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    },
  };
};
