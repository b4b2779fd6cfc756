import { writeView } from '../audit/write-entries.ts';
import type { Caller } from '../callers/authorise.ts';
import { errorText } from '../platform/log.ts';
import type { RequestIds } from '../submission/request-metadata.ts';
import type { ApiContext } from './context.ts';
import { apiProblem, refusal } from './problems.ts';
import type { ApiResponse } from './response.ts';

/**
 * Writes down who is about to be shown what; the refusal where that cannot be written, for nothing is seen unrecorded.
 * A document has one object for each time it is shown, a list one for each page.
 */
export const recordView = async (
  { audit, clock, ids, log }: ApiContext,
  { odsCode, clientId }: Caller,
  { requestId }: RequestIds,
  of: { readonly documentId: string } | { readonly documentIds: readonly string[] },
): Promise<ApiResponse | undefined> => {
  const actor = { kind: 'organisation' as const, id: odsCode, clientId, requestId };
  const view = { viewId: ids.uuid(), at: clock.now(), kind: 'viewed' as const, actor };
  try {
    if ('documentId' in of) {
      await writeView(audit, { documentId: of.documentId, senderOds: odsCode }, { ...view, what: 'document' });
    } else {
      await writeView(audit, { senderOds: odsCode }, { ...view, what: 'list', documentIds: [...of.documentIds] });
    }
    return undefined;
  } catch (error) {
    log.error('VIEW_NOT_RECORDED', { requestId, error: errorText(error) });
    return refusal([apiProblem('UNAVAILABLE')]);
  }
};
