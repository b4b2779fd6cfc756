import type { Actor, AuditEntry, AuditKind } from '../audit/entry.ts';
import { digestOf } from '../audit/entry.ts';
import { changesBetween, factsObject, factsOf } from '../audit/facts.ts';
import { withNewest, withPending } from '../audit/pending.ts';
import { statusChange } from '../events/status-change.ts';
import type { DeliveryEvent, Drop } from './events.ts';
import type { DocumentRecord, Journal } from './record.ts';
import { stateOf } from './state-of.ts';

/**
 * What a change of a record leaves to be told: an entry for the archive, and an event where others go by what has
 * changed. Both are numbered and wait on the record, in the same write, until they have been written and published: so
 * neither can be lost, nor come again under another number.
 */

export const noJournal: Journal = { entries: 0, events: 0 };

export const withJournal = (
  before: DocumentRecord | undefined,
  after: DocumentRecord,
  event: DeliveryEvent,
  what: string,
  now: number,
): DocumentRecord => {
  const { entries, events } = after.journal ?? noJournal;
  const entry = entryOf(before, after, event, what, entries + 1, now);
  const change = statusChange(before, after, events + 1, now);
  return {
    ...after,
    journal: { entries: entries + 1, events: change ? events + 1 : events },
    work: {
      ...after.work,
      audit: withPending(after.work.audit, entry),
      ...(change ? { events: withNewest(after.work.events, change) } : {}),
    },
  };
};

const entryOf = (
  before: DocumentRecord | undefined,
  after: DocumentRecord,
  event: DeliveryEvent,
  what: string,
  sequence: number,
  at: number,
): AuditEntry => {
  const facts = factsOf(after);
  // What came before there were entries: the first one has it all.
  const { set, removed } = changesBetween(before?.journal ? factsOf(before) : new Map(), facts);
  const last = after.history.at(-1);
  const detail = last !== before?.history.at(-1) && last?.what === what ? last.detail : undefined;
  return {
    sequence,
    at,
    kind: kindOf(event),
    what,
    ...(detail === undefined ? {} : { detail }),
    actor: actorOf(event),
    state: stateOf(after),
    set,
    ...(removed === undefined ? {} : { removed: [...removed] }),
    digest: digestOf(factsObject(facts)),
  };
};

const kindOf = (event: DeliveryEvent): AuditKind => {
  switch (event.kind) {
    case 'dropped':
    case 'drop-rejected':
    case 'drop-refused':
      return 'submitted';
    case 'composed':
      return 'composed';
    case 'attempt-ended':
      return event.outcome.kind === 'sent' ? 'sent' : 'changed';
    case 'acknowledged':
    case 'reported':
      return 'received';
    default:
      return 'changed';
  }
};

const submitter = ({ senderOds, source }: Drop): Actor => ({
  kind: 'organisation',
  id: senderOds,
  ...source.staff,
  ...(source.request?.clientId === undefined ? {} : { clientId: source.request.clientId }),
  ...(source.request === undefined ? {} : { requestId: source.request.requestId }),
});

const actorOf = (event: DeliveryEvent): Actor => {
  if ('by' in event) return { kind: 'person', id: event.by };
  switch (event.kind) {
    case 'dropped':
    case 'drop-rejected':
    case 'drop-refused':
      return submitter(event.drop);
    case 'acknowledged': {
      const { responderOds, fromMailboxId } = event.acknowledgement;
      const id = responderOds ?? fromMailboxId;
      return { kind: 'practice', ...(id === undefined ? {} : { id }) };
    }
    case 'reported':
      return { kind: 'mesh' };
    default:
      return { kind: 'system' };
  }
};
