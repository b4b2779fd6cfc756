import { currentComposition, type DocumentRecord } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { isoTime } from '../../platform/clock.ts';
import { type DocumentAction, event } from './action.ts';
import { plainRefusal, practiceWords, wentWords } from './words.ts';

const neverLeft = (record: DocumentRecord): boolean =>
  ['REJECTED', 'SUPPRESSED', 'SUPERSEDED', 'SEND_FAILED'].includes(stateOf(record));

/** Before it is handed to MESH; afterwards there is no way back. */
export const cancel: DocumentAction = {
  name: 'cancel',
  typed: 'cancel',
  done: 'is cancelled',
  history: ['cancelled', 'not sent again: called off'],
  event: (_, { by, why }) => event({ kind: 'cancelled', by, why }),
  foretell: (before, after) => {
    if (currentComposition(before).earlierSends) {
      return [
        'Sending it again is called off: nothing of that has left. What went before cannot be recalled.',
        `It stands as it stood: ${stateOf(after)}.`,
      ];
    }
    const earlier = before.compositions.slice(0, -1).filter(({ attempts }) => attempts.length > 0);
    return [
      `It is not sent to ${practiceWords(currentComposition(before))}: nothing of it has left.`,
      ...(earlier.length > 0 ? ['What was sent of it before, with other content or ids, is not recalled.'] : []),
      'Handed over again, it is taken up again.',
    ];
  },
  refusal: (record, why) => {
    const composition = currentComposition(record);
    const { cancellation } = composition;
    if (why === 'already-cancelled' && cancellation) {
      const { at, by, why: reason } = cancellation;
      return { settled: true, lines: [`It was cancelled before, at ${isoTime(at)}, by ${by}: ${reason}`] };
    }
    if (why === 'may-have-left' || (why === 'has-left-or-ended' && !neverLeft(record))) {
      const state = stateOf(record);
      return {
        lines: [
          state === 'UNDELIVERED'
            ? `There is nothing to recall: MESH took it and did not deliver it (to ${practiceWords(composition)}).`
            : `It cannot be recalled; ${wentWords(composition)}. Telephone them.`,
          ...(state === 'SENDING' && record.holds.length === 0
            ? [`To keep it from being sent once more by itself: hold ${record.documentId}`]
            : []),
        ],
      };
    }
    return plainRefusal(record, why);
  },
};
