import type { DocumentRecord } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { whoseMove } from '../delivery/whose-move.ts';
import { isoTime } from '../platform/clock.ts';
import { chosenCell, csvText } from '../platform/csv.ts';
import type { Notice } from './pending.ts';

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
};

export const noticeTable = (notices: readonly Notice[], records: ReadonlyMap<string, DocumentRecord>): string =>
  csvText([
    ['what', 'code', 'since', 'documentId', 'encounterId', 'version', 'drops', 'state', 'whoseMove', 'notice'],
    ...notices.map(({ id, kind, code, since, about }) => {
      const record = records.get(about);
      return [
        whats[kind],
        code,
        isoTime(since),
        about,
        chosenCell(record?.encounterId ?? ''),
        record?.version === undefined ? '' : String(record.version),
        chosenCell((record?.drops ?? []).map(({ name }) => name).join(' ')),
        record ? stateOf(record) : '',
        record ? whoseMove(record) : '',
        id,
      ];
    }),
  ]);
