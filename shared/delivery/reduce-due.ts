import { problem } from '../submission/problems.ts';
import { type DeliverySettings, halfLimit } from './due.ts';
import type { DeliveryEvent } from './events.ts';
import { type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { reduceCompose } from './reduce-drop.ts';
import { reduceDoubtDue } from './reduce-sending.ts';
import { type Edit, edit, noOp, onCurrent, type Reduction } from './reduction.ts';
import { lastCallAt, overdueAt, returnNearAt, silenceOf, unsentOverdueAt } from './silence.ts';
import { stateOf } from './state-of.ts';
import { mergeWork } from './work.ts';

type Due = Extract<DeliveryEvent, { kind: 'due' }>;

/**
 * `watch` looked, because a due time came. The index only finds candidates, so every case asks the record itself
 * whether its time has come.
 */
export const reduceDue = (record: DocumentRecord, event: Due, at: number): Reduction => {
  const told = tell(record, event, at);
  const moved = move(told.kind === 'changed' ? told.record : record, event.settings, at);
  if (moved.kind === 'changed' || told.kind === 'no-op') return moved;
  // Whoever notes that it is late must not forget to have it composed.
  return moved.why === composeAgain ? { ...told, record: withComposeAgain(told.record) } : told;
};

const composeAgain = 'compose-again';
const withComposeAgain = (record: DocumentRecord): DocumentRecord => ({
  ...record,
  work: mergeWork(record.work, { composeAgain: currentComposition(record).number }),
});

const move = (record: DocumentRecord, settings: DeliverySettings, at: number): Reduction => {
  const composition = currentComposition(record);
  const { number } = composition;
  switch (stateOf(record)) {
    case 'RECEIVED': {
      if (record.holds.length > 0) return noOp('held');
      const awaited = composition.awaitingFiles;
      if (awaited !== undefined) {
        if (at < awaited.since + halfLimit) return noOp('not-due');
        const problems = awaited.paths.map((path) =>
          problem(path.startsWith('attachments') ? 'ATTACHMENT_NEVER_CAME' : 'PDF_NOT_THE_ONE_NAMED', path),
        );
        return reduceCompose(record, { kind: 'rejected', composition: number, problems }, at);
      }
      // Its event came to nothing: compose is asked by the document's own name, and not for ever.
      if (at < composition.composedAt + settings.giveUpAfter) return noOp(composeAgain);
      const problems = [problem('COULD_NOT_BE_COMPOSED', 'manifest')];
      return reduceCompose(record, { kind: 'rejected', composition: number, problems }, at);
    }
    case 'SENDING':
      return reduceDoubtDue(record, settings.doubtWait, at);
    case 'COMPOSED':
      if (record.holds.length > 0) return noOp('held');
      if (composition.waiting && composition.waiting.until > at) return noOp('not-due');
      return edit(record, at, {
        what: 'queued again',
        composition: withoutWaiting(composition),
        work: { enqueue: number },
      });
    default:
      return noOp('not-due');
  }
};

/** Queued before its time: oldest first, where it is asked for so. A doubt still has its own wait before it. */
export const reduceWaitOver = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'wait-over' }>,
  at: number,
): Reduction =>
  onCurrent(record, event.composition, (composition) => {
    if (composition.waiting?.for !== event.waitedFor || record.holds.length > 0) return noOp('not-waiting');
    const ready = withoutWaiting(composition);
    switch (stateOf(record)) {
      case 'COMPOSED':
        return edit(record, at, { what: 'queued again', composition: ready, work: { enqueue: ready.number } });
      case 'SENDING':
        return reduceDoubtDue(record, event.doubtWait, at, ready);
      default:
        return noOp('not-waiting');
    }
  });

/** What it waited for is over; the queue's own silence is what counts from here. */
const withoutWaiting = ({ waiting: _, ...composition }: Composition): Composition => composition;

/** Notes the silences that are longer than they should be, each once, since when they are. */
const tell = (record: DocumentRecord, { settings, inboxReadAt }: Due, at: number): Reduction => {
  const silence = silenceOf(record);
  const overdue = silence && overdueAt(record, silence, settings.bankHolidays);
  // What lies unread in the inbox is no silence of the practice: it counts once a poll that began later has emptied it.
  const isHeard = (due: number) => at >= due && (inboxReadAt === undefined || inboxReadAt >= due);
  const notes: Edit[] = [];
  const unsent = unsentOverdueAt(record);
  if (unsent !== undefined && at >= unsent && record.unsentOverdueSince === undefined) {
    notes.push({ what: 'not sent in time', record: { unsentOverdueSince: unsent } });
  }
  if (overdue !== undefined && isHeard(overdue) && record.overdueSince === undefined) {
    notes.push({
      what: `overdue: no ${silence?.missing} acknowledgement`,
      record: { overdueSince: overdue },
    });
  }
  const nearReturn = returnNearAt(record);
  // Told in the end also where nobody knows whether an answer lies unread.
  const mayBeTold = (due: number) => isHeard(due) || at >= lastCallAt(record, due);
  if (nearReturn !== undefined && mayBeTold(nearReturn) && record.returnNearSince === undefined) {
    notes.push({ what: 'about to be handed back by MESH', record: { returnNearSince: nearReturn } });
  }
  return notes.reduce<Reduction>(
    (before, note) => edit(before.kind === 'changed' ? before.record : record, at, note),
    noOp('not-due'),
  );
};
