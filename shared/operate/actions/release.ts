import { currentComposition, type DocumentRecord, type HoldReason } from '../../delivery/record.ts';
import { releasedNames } from '../../delivery/reduce-person.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { pausedWhat, pauseOver } from '../../senders/pause.ts';
import { readMailbox } from '../../senders/registry.ts';
import { byWhom } from '../pausing.ts';
import { type DocumentAction, event } from './action.ts';
import { lastDone, plainRefusal, practiceWords, telephoneFirst } from './words.ts';

const resumeCommands = { everybody: 'resume', sender: 'sender resume', mailbox: 'mailbox resume' } as const;

const whatReleased = (reason: HoldReason, before: DocumentRecord): readonly string[] => {
  switch (reason) {
    case 'doubt':
      return [
        ...telephoneFirst(before),
        `It is sent once more to ${practiceWords(currentComposition(before))}, with the same bytes and ids, marked as a possible duplicate.`,
        'If nobody can tell then either whether MESH took it, it is held again. If the practice says whether it has it, decide instead.',
      ];
    case 'other-patient':
      return [
        'You say that PDF and manifest are right, although the PDF holds the NHS number of another patient and not that of the manifest.',
      ];
    case 'operator':
    case 'paused':
      return [];
  }
};

const howItGoesOn = (before: DocumentRecord, after: DocumentRecord): string => {
  if (after.holds.length > 0) {
    return `It is still held for another reason: ${after.holds.map(({ reason }) => reason).join(', ')}.`;
  }
  switch (stateOf(before)) {
    case 'RECEIVED':
      return 'Its message is composed and sent; it begins within about two minutes.';
    case 'COMPOSED':
      return `It is sent to ${practiceWords(currentComposition(before))}, within about two minutes.`;
    default:
      return 'It goes on within some minutes.';
  }
};

/** Lets a document go on that is held. */
export const release = (reason: HoldReason): DocumentAction => ({
  name: `release ${reason}`,
  typed: `release --reason ${reason}`,
  sends: true,
  done: 'is released',
  history: [releasedNames[reason]],
  async event(record, { by, why }, { table }) {
    if (reason === 'paused') {
      const mailbox = await readMailbox(table, currentComposition(record).stored?.mailboxId ?? '');
      const pause = await pauseOver(table, { odsCode: record.senderOds, mailbox });
      if (pause) {
        const line = `Nothing was done: ${pausedWhat(pause.of)} is paused, ${byWhom(pause)}. To end that: ${resumeCommands[pause.of.kind]}.`;
        return { kind: 'refused', lines: [line] };
      }
    }
    return event({ kind: 'released', reason, by, why });
  },
  foretell: (before, after) => [...whatReleased(reason, before), howItGoesOn(before, after)],
  refusal: (record, why) => {
    if (why !== 'not-held') return plainRefusal(record, why);
    const before = lastDone(record, releasedNames[reason]);
    const state = stateOf(record);
    return before === undefined
      ? { lines: [`It is not held for ${reason}: it is ${state}. Nothing was changed.`] }
      : { settled: true, lines: [`It was released before, ${before}`, `It is ${state} now; nothing was changed.`] };
  },
});
