import { problem } from '../submission/problems.ts';
import { businessDue, type DeliverySettings, halfLimit, infrastructureDue } from './due.ts';
import { type Composition, currentComposition, type DocumentRecord } from './record.ts';
import { reduceCompose } from './reduce-drop.ts';
import { reduceDoubtDue } from './reduce-sending.ts';
import { edit, noOp, type Reduction } from './reduction.ts';
import { stateOf } from './state-of.ts';

/**
 * `watch` looked, because a due time came. The index only finds candidates, so every case asks the record itself
 * whether its time has come.
 */
export const reduceDue = (record: DocumentRecord, settings: DeliverySettings, at: number): Reduction => {
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
      if (at < composition.composedAt + settings.giveUpAfter) return noOp('compose-again');
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
    case 'SENT':
      return overdue(record, (composition.sentAt ?? at) + infrastructureDue, at);
    case 'INFRASTRUCTURE_ACKNOWLEDGED':
      return overdue(record, (composition.infrastructure?.at ?? at) + businessDue, at);
    default:
      return noOp('not-due');
  }
};

/** What it waited for is over; the queue's own silence is what counts from here. */
const withoutWaiting = ({ waiting: _, ...composition }: Composition): Composition => composition;

const overdue = (record: DocumentRecord, dueAt: number, at: number): Reduction =>
  record.overdueSince === undefined && at >= dueAt
    ? edit(record, at, { what: 'overdue: the practice has not answered', record: { overdueSince: at } })
    : noOp('not-due');
