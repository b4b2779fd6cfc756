import type { DocumentRecord } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { whoseMove } from '../delivery/whose-move.ts';
import { isoTime } from '../platform/clock.ts';
import { chosenCell, csvText } from '../platform/csv.ts';
import { isLoose, type Notice } from './pending.ts';

/**
 * Beside a message, in the organisation's own folder: what its documents are called there. An e-mail holds nothing that
 * the organisation chose, and an id alone tells nobody which patient to ring about.
 */

/** Behind `receipts/`. The same for the same notices, however often they are given. */
export const noticeFile = (odsCode: string, [first]: readonly Notice[]): string =>
  `${odsCode}/notices/${first?.id ?? 'none'}.csv`;

const whats: Readonly<Record<Notice['kind'], string>> = {
  start: 'needs somebody',
  escalation: 'still needs somebody',
  clear: 'over',
  'escalation-clear': 'over',
  once: 'not taken',
};

/** By which it was handed over: of a drop that was refused, the names that are not the document's. */
const dropsOf = ({ drops, refusals = [] }: DocumentRecord, { kind }: Notice): string =>
  (kind === 'once' ? refusals : drops).map(({ name }) => name).join(' ');

export const noticeTable = (notices: readonly Notice[], records: ReadonlyMap<string, DocumentRecord>): string =>
  csvText([
    [
      'what',
      'code',
      'since',
      'documentId',
      'encounterId',
      'version',
      'drops',
      'state',
      'whoseMove',
      'notice',
      'receipt',
    ],
    ...notices.map((notice) => {
      const { id, kind, code, since, about, count } = notice;
      const record = records.get(about);
      return [
        count === undefined ? whats[kind] : `${whats[kind]}: about ${count} more`,
        code,
        isoTime(since),
        isLoose(notice) ? '' : about,
        chosenCell(record?.encounterId ?? ''),
        record?.version === undefined ? '' : String(record.version),
        chosenCell(record ? dropsOf(record, notice) : ''),
        record ? stateOf(record) : '',
        kind === 'once' ? 'the sender' : record ? whoseMove(record) : '',
        id,
        isLoose(notice) ? chosenCell(about) : '',
      ];
    }),
  ]);
