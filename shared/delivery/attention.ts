import type { AttentionCode } from './attention-codes.ts';
import { type Attention, conditionsOf } from './conditions.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import { type WayIn, wayInOf } from './wording.ts';

export { type Attention, practiceOf } from './conditions.ts';

/**
 * What is open about a document, most pressing first; empty where nobody need do anything. What was open when somebody
 * recorded what was done is dealt with; the same condition come anew is not.
 */
export const attentionOf = (record: DocumentRecord, way: WayIn = wayInOf(record)): readonly Attention[] => {
  const near = conditionsOf(record, way).some(({ code }) => code === 'MESH_RETURN_NEAR');
  // Said more urgently already.
  return openConditions(record, way).filter(({ code }) => !(near && code === 'INFRASTRUCTURE_OVERDUE'));
};

/** The same with what is said more urgently by another: one of them has not ended because the other has begun. */
export const openConditions = (record: DocumentRecord, way: WayIn = wayInOf(record)): readonly Attention[] =>
  conditionsOf(record, way).filter((one) => !isResolved(record, one));

/** Since when somebody has to do something about it; `undefined` where nobody has. */
export const attentionSince = (record: DocumentRecord): number | undefined => {
  const open = attentionOf(record);
  return open.length === 0 ? undefined : Math.min(...open.map(({ since }) => since));
};

/** Why people ask for a document to be sent again. When that comes to nothing, what they recorded before is no answer. */
const sentAgainFor: ReadonlySet<AttentionCode> = new Set([
  'UNDELIVERED',
  'SEND_FAILED',
  'INFRASTRUCTURE_OVERDUE',
  'MESH_RETURN_NEAR',
]);

const isResolved = (record: DocumentRecord, { code, since }: Attention): boolean => {
  const { notSentAgainAt = since } = currentComposition(record);
  const from = sentAgainFor.has(code) ? Math.max(since, notSentAgainAt) : since;
  return (record.resolutions ?? []).some(({ at, of }) => from <= at && of.includes(code));
};
