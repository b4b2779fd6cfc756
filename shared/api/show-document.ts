import { z } from 'zod';
import type { Caller } from '../callers/authorise.ts';
import type { DocumentId, OdsCode } from '../platform/ids.ts';
import type { RequestIds } from '../submission/request-metadata.ts';
import type { ApiContext } from './context.ts';
import { documentView } from './document-view.ts';
import { apiProblem, refusal } from './problems.ts';
import { recordView } from './record-view.ts';
import type { ApiRequest } from './request.ts';
import { type ApiResponse, answered } from './response.ts';
import { readStanding } from './standing.ts';

const uuid = z.uuid();

/** One document. What another organisation has is as unknown as what nobody has. */
export const showDocument = async (
  context: ApiContext,
  { pathParameters }: ApiRequest,
  caller: Caller,
  ids: RequestIds,
): Promise<ApiResponse> => {
  const named = uuid.safeParse(pathParameters.documentId?.toLowerCase()).data;
  if (named === undefined) return refusal([apiProblem('DOCUMENT_NOT_FOUND')]);
  const documentId = named as DocumentId;
  const view = documentView(await readStanding(context.table, documentId, caller.odsCode as OdsCode));
  if (!view) return refusal([apiProblem('DOCUMENT_NOT_FOUND')], { documentId });
  const unrecorded = await recordView(context, caller, ids, { documentId });
  if (unrecorded) return unrecorded;
  context.measure.count('DocumentsShown');
  return answered(200, view, { documentId });
};
