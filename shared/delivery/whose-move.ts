import { attentionOf } from './attention.ts';
import { isOnlyPaused } from './holds.ts';
import { currentComposition, type DocumentRecord } from './record.ts';
import { stateOf } from './state-of.ts';
import { type Mover, meanings } from './states.ts';

/** Composing waits for a file that the manifest names: it does not lie in the inbox, or another does under its name. */
export const awaitsNamedFiles = (record: DocumentRecord): boolean =>
  stateOf(record) === 'RECEIVED' && currentComposition(record).awaitingFiles !== undefined;

/** Who has to do something next about a document. Receipts, the API's view and its list all take it from here. */
export const whoseMove = (record: DocumentRecord): Mover => {
  if (isOnlyPaused(record)) return 'this system';
  if (awaitsNamedFiles(record)) return 'the sender';
  const [pressing] = attentionOf(record);
  if (pressing) return pressing.whoseMove;
  const { whoseMove: mover, ended } = meanings[stateOf(record)];
  // What needed a person has been dealt with.
  return ended ? 'nobody' : mover;
};
