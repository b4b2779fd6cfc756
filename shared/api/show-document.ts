import { z } from 'zod';
import type { Caller } from '../callers/authorise.ts';
import { readDocument } from '../delivery/documents.ts';
import { submissionKey } from '../delivery/keys.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { ApiContext } from './context.ts';
import { documentView, submissionView } from './document-view.ts';
import { apiProblem, refusal } from './problems.ts';
import type { ApiRequest } from './request.ts';
import { type ApiResponse, answered } from './response.ts';
import type { Submission } from './submission.ts';

const uuid = z.uuid();

/** One document. What another organisation has is as unknown as what nobody has. */
export const showDocument = async (
  { table }: ApiContext,
  { pathParameters }: ApiRequest,
  { odsCode }: Caller,
): Promise<ApiResponse> => {
  const named = uuid.safeParse(pathParameters.documentId?.toLowerCase()).data;
  if (named === undefined) return refusal([apiProblem('DOCUMENT_NOT_FOUND')]);
  const documentId = named as DocumentId;
  const record = await readDocument(table, documentId);
  if (record) {
    return record.senderOds === odsCode
      ? answered(200, documentView(record), { documentId })
      : refusal([apiProblem('DOCUMENT_NOT_FOUND')], { documentId });
  }
  const submission = await table.read<Submission>(submissionKey(documentId));
  const { takenAt } = submission ?? {};
  return submission?.senderOds === odsCode && takenAt !== undefined
    ? answered(200, submissionView({ ...submission, takenAt }), { documentId })
    : refusal([apiProblem('DOCUMENT_NOT_FOUND')], { documentId });
};
