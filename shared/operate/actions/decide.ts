import {
  type Acknowledgement,
  type Composition,
  currentComposition,
  type DocumentRecord,
  type DoubtAnswer,
  doubtAnswers,
} from '../../delivery/record.ts';
import { answersOf } from '../../delivery/reduce-answers.ts';
import { stateOf, undecided } from '../../delivery/state-of.ts';
import { responseCode } from '../../itk3/response-codes.ts';
import { isoTime } from '../../platform/clock.ts';
import { type DocumentAction, event } from './action.ts';
import { plainRefusal, practiceWords, wentWords } from './words.ts';

/** What a person can find out: of two answers that exclude each other, which counts; of a doubt, whether it came. */
export const decisions = ['accepted', 'rejected', ...doubtAnswers] as const;
export type DecisionAs = (typeof decisions)[number];

const isOfDoubt = (as: DecisionAs): as is DoubtAnswer => (doubtAnswers as readonly string[]).includes(as);

const answerLine = ({ at, code, polarity }: Acknowledgement): string =>
  `  ${isoTime(at)} ${code} (${polarity}): ${responseCode(code).meaning}`;

const ofContradiction = (composition: Composition, after: DocumentRecord, as: DecisionAs): readonly string[] => [
  `${practiceWords(composition)} gave answers that exclude each other:`.replace(/^t/, 'T'),
  ...[...answersOf(composition)].sort((a, b) => a.at - b.at).map(answerLine),
  `You say that it has ${as === 'accepted' ? 'taken the document' : 'not taken the document'}: telephone it before, if nobody has.`,
  `It becomes ${stateOf(after)}. A later answer that excludes this is a new contradiction.`,
];

const ofDoubt = (before: DocumentRecord, after: DocumentRecord, as: DoubtAnswer): readonly string[] => [
  `It is in doubt: ${wentWords(currentComposition(before))}.`,
  as === 'arrived'
    ? 'You say that the practice has it: it counts as SENT and awaits its answers, is not sent again, and later versions of its encounter go on.'
    : `You say that nothing of it came: it becomes ${stateOf(after)}, later versions of its encounter go on, and it can be sent again (resend).`,
];

/** Pure words of a decision that was made before. */
const decidedBefore = (record: DocumentRecord, as: DecisionAs) => {
  if (isOfDoubt(as)) return currentComposition(record).doubtDecision;
  return record.compositions.findLast(({ contradiction }) => contradiction?.decision)?.contradiction?.decision;
};

export const decide = (as: DecisionAs): DocumentAction => ({
  name: `decide ${as}`,
  typed: `decide --as ${as}`,
  done: 'is decided',
  history: [`${isOfDoubt(as) ? 'doubt' : 'contradiction'} decided: ${as}`],
  event: (_, { by, why }) =>
    event(isOfDoubt(as) ? { kind: 'doubt-decided', as, by, why } : { kind: 'contradiction-decided', as, by, why }),
  foretell: (before, after) => {
    if (isOfDoubt(as)) return ofDoubt(before, after, as);
    return ofContradiction(before.compositions.find(undecided) ?? currentComposition(before), after, as);
  },
  refusal: (record, why) => {
    if (why === 'still-being-sent') {
      return { lines: ['It is being handed to MESH at this moment: wait until that has ended.'] };
    }
    if (why !== 'not-contradicted' && why !== 'not-in-doubt') return plainRefusal(record, why);
    const decision = decidedBefore(record, as);
    if (!decision) {
      return {
        lines: [
          `There is nothing to decide: it is ${stateOf(record)}. ${isOfDoubt(as) ? 'arrived and lost are for a document in doubt.' : 'accepted and rejected are for one that is CONTRADICTED.'}`,
        ],
      };
    }
    const { at, by, why: reason } = decision;
    const line = `It was decided before, at ${isoTime(at)}, by ${by}, as ${decision.as}: ${reason}`;
    return decision.as === as ? { settled: true, lines: [line] } : { lines: [line, 'That stands.'] };
  },
});
