import { currentComposition } from '../../delivery/record.ts';
import { holdNames } from '../../delivery/reduce-person.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { isoTime } from '../../platform/clock.ts';
import { type DocumentAction, event } from './action.ts';
import { plainRefusal, wentWords } from './words.ts';

export const hold: DocumentAction = {
  name: 'hold',
  typed: 'hold',
  done: 'is held',
  history: [holdNames.operator],
  event: (_, { by, why }) => event({ kind: 'held', reason: 'operator', by, why }),
  foretell: (before) =>
    stateOf(before) === 'SENDING'
      ? [
          `What is being handed to MESH, or is in doubt, cannot be stopped: ${wentWords(currentComposition(before))}.`,
          'It is not sent once more by itself until it is released. Later versions of its encounter wait.',
        ]
      : ['It is not sent until it is released. Its sender sees that it is held, by whom and why.'],
  refusal: (record, why) => {
    const stands = record.holds.find(({ reason }) => reason === 'operator');
    if (why === 'already-held' && stands) {
      return {
        settled: true,
        lines: [`It was held before, at ${isoTime(stands.at)}, by ${stands.by}: ${stands.why}`],
      };
    }
    return why === 'nothing-to-hold'
      ? { lines: [`There is nothing to hold: it is ${stateOf(record)}, and what has left or ended goes nowhere.`] }
      : plainRefusal(record, why);
  },
};
