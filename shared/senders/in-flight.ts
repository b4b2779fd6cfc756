import { minutes } from '../platform/clock.ts';
import type { DocumentId, OdsCode } from '../platform/ids.ts';

/**
 * `FLIGHT#{mailboxId}`: which documents are being handed to MESH for a mailbox, and which wait for their turn. A slot is
 * lent until its invocation has certainly ended, so none is lost with an invocation that dies. Pure.
 */
export interface InFlight {
  readonly slots: readonly Slot[];
  /** Oldest first. Past its bound a document waits in its record alone, and asks again when its time is over. */
  readonly line: readonly InLine[];
  /** When each organisation in the line last had its turn, as a count of turns. */
  readonly turns: Readonly<Record<string, number>>;
}

export interface Slot {
  readonly owner: string;
  /** When the invocation that holds it has certainly ended, epoch ms. */
  readonly until: number;
}

export interface InLine {
  readonly documentId: DocumentId;
  readonly composition: number;
  readonly odsCode: OdsCode;
}

export const nobodyInFlight: InFlight = { slots: [], line: [], turns: {} };

/** The item is written anew for each document and stays small; ten slots at a time are through it in seconds. */
const longestLine = 100;
/** Longer than any invocation lives: a slot lent for longer is a clock's that was wrong. */
const longestLoan = minutes(20);

const lent = ({ slots }: InFlight, now: number): readonly Slot[] =>
  slots.filter(({ until }) => until >= now && until <= now + longestLoan);

const isSame = (a: InLine, b: InLine) => a.documentId === b.documentId;

/**
 * With this document at its end, or unchanged. Where the line is full, the last of the organisation that has the most in
 * it gives way to one of an organisation that has fewer: no backlog of one keeps another out.
 */
const joined = (line: readonly InLine[], who: InLine): readonly InLine[] => {
  const there = line.find((one) => isSame(one, who));
  if (there) return there.composition === who.composition ? line : line.map((one) => (one === there ? who : one));
  if (line.length < longestLine) return [...line, who];
  const counts = new Map<string, number>();
  for (const { odsCode } of line) counts.set(odsCode, (counts.get(odsCode) ?? 0) + 1);
  const [[most, count] = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a);
  if (count <= (counts.get(who.odsCode) ?? 0) + 1) return line;
  const last = line.findLastIndex(({ odsCode }) => odsCode === most);
  return [...line.slice(0, last), ...line.slice(last + 1), who];
};

export type Turn = { readonly kind: 'goes' | 'waits'; readonly inFlight: InFlight };

/** A slot for this document if one is free; otherwise a place in the line, which it keeps if it has one. */
export const askForTurn = (inFlight: InFlight, who: InLine, slot: Slot, limit: number, now: number): Turn => {
  const slots = lent(inFlight, now);
  if (slots.length < limit) {
    const line = inFlight.line.filter((one) => !isSame(one, who));
    return { kind: 'goes', inFlight: tidy({ ...inFlight, slots: [...slots, slot], line }) };
  }
  const line = joined(inFlight.line, who);
  // Nothing to write down.
  if (line === inFlight.line) return { kind: 'waits', inFlight };
  return { kind: 'waits', inFlight: { ...inFlight, slots, line } };
};

/**
 * The owner's document is dealt with. Where another waits and no more slots are lent than may be, the owner keeps the
 * slot for it: of the organisation whose last turn is longest ago the document that has waited longest.
 */
export const passTurn = (
  inFlight: InFlight,
  owner: string,
  limit: number,
  now: number,
  goesOn: boolean,
): { readonly inFlight: InFlight; readonly next?: InLine } => {
  const slots = lent(inFlight, now);
  const others = slots.filter((slot) => slot.owner !== owner);
  const own = slots.find((slot) => slot.owner === owner);
  const turnOf = ({ odsCode }: InLine) => inFlight.turns[odsCode] ?? 0;
  const next = inFlight.line.reduce<InLine | undefined>(
    (best, one) => (best === undefined || turnOf(one) < turnOf(best) ? one : best),
    undefined,
  );
  if (!goesOn || !own || !next || others.length >= limit) return { inFlight: tidy({ ...inFlight, slots: others }) };
  const turn = 1 + Math.max(0, ...Object.values(inFlight.turns));
  return {
    next,
    inFlight: tidy({
      slots: [...others, own],
      line: inFlight.line.filter((one) => !isSame(one, next)),
      turns: { ...inFlight.turns, [next.odsCode]: turn },
    }),
  };
};

/** Turns are remembered of those that wait. */
const tidy = (inFlight: InFlight): InFlight => {
  const waiting = new Set<string>(inFlight.line.map(({ odsCode }) => odsCode));
  return { ...inFlight, turns: Object.fromEntries(Object.entries(inFlight.turns).filter(([ods]) => waiting.has(ods))) };
};
