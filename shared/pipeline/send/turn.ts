import type { StoredRecord } from '../../delivery/documents.ts';
import { flightKey } from '../../delivery/keys.ts';
import { currentComposition } from '../../delivery/record.ts';
import { errorText } from '../../platform/log.ts';
import { change } from '../../platform/table.ts';
import { askForTurn, type InFlight, type InLine, nobodyInFlight, passTurn } from '../../senders/in-flight.ts';
import type { SendContext } from './context.ts';

/** A slot of the mailbox's, while one of its documents is handed over. */
export interface TurnOf {
  /** The next in the line, for which the slot is kept; `undefined` where it was given back. */
  pass(limit: number): Promise<InLine | undefined>;
  /** Gives it back, if it still is held. */
  leave(): Promise<void>;
}

/**
 * A slot for this document, or its place in the line: then `waits` says so in the record before the line knows of it,
 * so that no crash leaves it to the line alone.
 */
export const takeTurn = async (
  context: SendContext,
  mailboxId: string,
  record: StoredRecord,
  limit: number,
  waits: () => Promise<unknown>,
): Promise<TurnOf | undefined> => {
  const { table, clock, ids, log } = context;
  const key = flightKey(mailboxId);
  const owner = ids.uuid();
  const slot = { owner, until: context.deadline };
  const { documentId, senderOds } = record;
  const who: InLine = { documentId, composition: currentComposition(record).number, odsCode: senderOds };
  const ask = (joins: boolean) =>
    change<InFlight, 'goes' | 'waits'>(table, key, (stored) => {
      const turn = askForTurn(stored ?? nobodyInFlight, who, slot, limit, clock.now());
      return turn.kind === 'goes' || (joins && turn.inFlight !== stored)
        ? { kind: 'put', item: turn.inFlight, result: turn.kind }
        : { kind: 'keep', result: turn.kind };
    });
  if ((await ask(false)) === 'waits') {
    await waits();
    if ((await ask(true)) === 'waits') return undefined;
  }
  let held = true;
  const pass = (goesOn: boolean, most: number) =>
    change<InFlight, InLine | undefined>(table, key, (stored) => {
      if (!stored) return { kind: 'keep', result: undefined };
      const { inFlight, next } = passTurn(stored, owner, most, clock.now(), goesOn);
      return { kind: 'put', item: inFlight, result: next };
    });
  return {
    async pass(most) {
      const next = await pass(true, most);
      held = next !== undefined;
      return next;
    },
    async leave() {
      if (!held) return;
      // One that cannot be given back is free again when this invocation has ended.
      await pass(false, limit).catch((error: unknown) => {
        log.warn('SEND_SLOT_KEPT', { mailboxId, error: errorText(error) });
      });
    },
  };
};
