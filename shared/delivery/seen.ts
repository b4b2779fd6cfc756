import { createHash } from 'node:crypto';
import { attentionOf } from './attention.ts';
import type { Composition, DocumentRecord } from './record.ts';
import { stateOf } from './state-of.ts';
import { takenUpAt } from './unsent.ts';

const courseOf = (composition: Composition) => {
  const { number, stored, attempts, sentAt, earlierSends, contradiction, cancellation } = composition;
  return [
    number,
    stored !== undefined,
    takenUpAt(composition),
    attempts.map((attempt) => attempt.outcome?.kind ?? 'open'),
    sentAt,
    earlierSends?.length,
    contradiction?.at,
    contradiction?.decision?.at,
    cancellation?.at,
  ];
};

/**
 * How a document stands, in one short word: of everything that a person goes by who decides about it. What changes it is
 * a reason to look again; what only waits, repeats itself or is cleared away does not. Pure.
 */
export const seenOf = (record: DocumentRecord): string => {
  const essence = [
    record.documentId,
    stateOf(record),
    record.compositions.map(courseOf),
    record.holds.map(({ reason, at }) => [reason, at]),
    attentionOf(record).map(({ code, since }) => [code, since]),
    record.resolutions?.at(-1)?.at,
  ];
  return createHash('sha256').update(JSON.stringify(essence)).digest('hex').slice(0, 12);
};
