import { applyEvent, readDocument, type StoredRecord } from '../delivery/documents.ts';
import type { PersonEvent } from '../delivery/events.ts';
import type { PersonRefusal } from '../delivery/person-refusal.ts';
import type { DocumentRecord } from '../delivery/record.ts';
import { reduce } from '../delivery/reduce.ts';
import { seenOf } from '../delivery/seen.ts';
import { stateOf } from '../delivery/state-of.ts';
import { hours, minutes } from '../platform/clock.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { DocumentAction } from './actions/action.ts';
import { inTheWay } from './actions/in-the-way.ts';
import { describe, practiceCode } from './actions/words.ts';
import type { CommandContext } from './command.ts';
import type { Who } from './who.ts';

/**
 * What a person changed carries work, which `watch` does within about two minutes: so none of these times decides when it
 * is looked at.
 */
export const personSettings = { doubtWait: minutes(15), giveUpAfter: hours(4) };

/** What would happen if it was done now. */
export type Foreseen =
  | {
      readonly kind: 'would-change';
      readonly record: StoredRecord;
      readonly event: PersonEvent;
      /** How the document stands (`seenOf`): it is done only as long as that is so. */
      readonly seen: string;
      readonly lines: readonly string[];
    }
  | Unchanged;

export interface Unchanged {
  readonly kind: 'unchanged';
  /** It is so already. */
  readonly settled: boolean;
  /** The same for documents of which the same is to be said. */
  readonly why?: string;
  readonly record?: StoredRecord;
  readonly lines: readonly string[];
}

export interface Changed {
  readonly kind: 'changed';
  readonly record: StoredRecord;
  readonly lines: readonly string[];
}

const unchanged = (lines: readonly string[], record?: StoredRecord, settled = false): Unchanged => ({
  kind: 'unchanged',
  settled,
  lines,
  ...(record ? { record } : {}),
});

const refusalOf = (action: DocumentAction, record: StoredRecord, why: string): Unchanged => {
  const { settled, lines } = action.refusal(record, why as PersonRefusal);
  return { ...unchanged([describe(record), ...lines], record, settled), why };
};

/** Reads the document and finds out what the action would do to it. Changes nothing. */
export const foresee = async (
  action: DocumentAction,
  documentId: DocumentId,
  who: Who,
  context: CommandContext,
  wanted: { readonly senderOds?: string | undefined } = {},
): Promise<Foreseen> => {
  const record = await readDocument(context.table, documentId);
  if (!record) return unchanged([`There is no document ${documentId}.`]);
  if (wanted.senderOds !== undefined && record.senderOds !== wanted.senderOds) {
    return unchanged([
      `Document ${documentId} is of sender ${record.senderOds}, not of ${wanted.senderOds}. Nothing was done.`,
    ]);
  }
  const asked = await action.event(record, who, context);
  if (asked.kind === 'refused') return unchanged([describe(record), ...asked.lines], record);
  const reduction = reduce(record, asked.event, context.clock.now());
  if (reduction.kind === 'no-op') return refusalOf(action, record, reduction.why);
  const after: DocumentRecord = reduction.record;
  return {
    kind: 'would-change',
    record,
    event: asked.event,
    seen: seenOf(record),
    lines: [
      describe(record),
      ...action.foretell(record, after),
      ...(action.sends ? await inTheWay(context.table, after) : []),
    ],
  };
};

/** Does what was foreseen, if the document still stands as it did then. Two who do it at once: one does, the other is told. */
export const act = async (
  action: DocumentAction,
  foreseen: Extract<Foreseen, { kind: 'would-change' }>,
  who: Who,
  { table, clock }: CommandContext,
): Promise<Changed | Unchanged> => {
  const { documentId } = foreseen.record;
  const event = { ...foreseen.event, seen: foreseen.seen };
  const applied = await applyEvent({ table, clock, settings: personSettings }, documentId, event);
  if (applied.kind === 'changed') {
    const told = `Document ${documentId} ${action.done}. By ${who.by}: ${who.why}`;
    return { kind: 'changed', record: applied.record, lines: [told, ...foreseen.lines.slice(1)] };
  }
  return applied.record
    ? refusalOf(action, applied.record, applied.why)
    : unchanged([`There is no document ${documentId}.`]);
};

/** The same for programs. */
export const outcomeData = (documentId: string, outcome: Foreseen | Changed): object => ({
  documentId,
  changed: outcome.kind === 'changed',
  ...(outcome.record ? { state: stateOf(outcome.record), practice: practiceCode(outcome.record) } : {}),
  ...(outcome.kind === 'would-change' ? { seen: outcome.seen, wouldHappen: outcome.lines.slice(1) } : {}),
  ...(outcome.kind === 'unchanged' ? { settled: outcome.settled } : {}),
});
