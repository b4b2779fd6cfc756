import type { Composition, DocumentRecord, MeshReport } from './record.ts';
import { answersOf } from './reduce-answers.ts';
import { isFoundLost } from './state-of.ts';

const copyCodes = new Set(['20007', '20008']);

const reportsOf = ({ report, alsoReported = [], earlierSends = [] }: Composition): readonly MeshReport[] =>
  [report, ...alsoReported, ...earlierSends.map((send) => send.report)].filter((one) => one !== undefined);

/** Has the practice said that it got a copy, whether or not it took the document? */
export const copyArrived = (composition: Composition): boolean =>
  answersOf(composition).some(({ code, polarity }) => polarity === 'positive' || copyCodes.has(code));

const mayBeThere = (composition: Composition): boolean => {
  if (copyArrived(composition)) return true;
  // Refused by the practice's system: under these ids it holds nothing.
  if (answersOf(composition).length > 0) return false;
  const posts = composition.attempts.filter(
    ({ outcome }) => outcome === undefined || outcome.kind === 'unknown' || outcome.kind === 'sent',
  );
  const open = posts.filter((attempt) => !isFoundLost(composition, attempt));
  const handedBack = new Set(reportsOf(composition).map(({ inboundMessageId }) => inboundMessageId)).size;
  return open.length > handedBack;
};

/** May the practice hold a copy of it, or of an earlier composition? Then it is telephoned before more is sent. Pure. */
export const copyMayBeThere = (record: DocumentRecord): boolean => record.compositions.some(mayBeThere);
