import type { StoredRecord } from '../../delivery/documents.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { whoseMove } from '../../delivery/whose-move.ts';
import { isoTime } from '../../platform/clock.ts';
import { practiceCode } from '../actions/words.ts';
import {
  type Command,
  type CommandContext,
  type CommandOptions,
  type CommandResult,
  misused,
  succeeded,
} from '../command.ts';
import { listFilter } from '../document-list.ts';
import { type DocumentRow, readRows, rowsOf, sendersMeant } from '../documents-of.ts';
import { limitField, limitOption } from '../limit-option.ts';
import { problemLines } from '../who.ts';

const wanted = listFilter.pick({ sender: true, state: true }).extend({ limit: limitField });

interface Found {
  readonly record: StoredRecord;
  readonly changedAt: number;
}

const line = ({ record, changedAt }: Found): string => {
  const { documentId, senderOds, drops, holds, version, overdueSince } = record;
  const beside = [
    ...holds.map(({ reason }) => `held: ${reason}`),
    ...(overdueSince === undefined ? [] : [`overdue since ${isoTime(overdueSince)}`]),
  ];
  const state = [stateOf(record), ...beside].join(', ');
  const dropped = drops.map(({ name }) => `${senderOds}/${name}`).at(-1) ?? senderOds;
  return `${isoTime(changedAt)}  ${documentId}  ${state}  the move of ${whoseMove(record)}  ${dropped}${version === undefined ? '' : `, version ${version}`}`;
};

const asJson = ({ record, changedAt }: Found) => ({
  documentId: record.documentId,
  senderOds: record.senderOds,
  ...(record.encounterId === undefined ? {} : { encounterId: record.encounterId }),
  ...(record.version === undefined ? {} : { version: record.version }),
  drops: record.drops.map(({ name }) => name),
  state: stateOf(record),
  whoseMove: whoseMove(record),
  practice: practiceCode(record),
  held: record.holds.map(({ reason }) => reason),
  ...(record.overdueSince === undefined ? {} : { overdueSince: isoTime(record.overdueSince) }),
  receivedAt: isoTime(record.receivedAt),
  changedAt: isoTime(changedAt),
});

/** `operate document list`: where documents are and whose move it is, what changed last first. No patient data. */
const listDocuments = async (options: CommandOptions, context: CommandContext): Promise<CommandResult> => {
  const read = wanted.safeParse(options);
  if (!read.success) return misused(...problemLines(read.error));
  const { sender, state, limit } = read.data;
  const rows: DocumentRow[] = [];
  for (const odsCode of await sendersMeant(context, sender)) {
    let count = 0;
    for await (const page of rowsOf(context, odsCode, state)) {
      rows.push(...page);
      count += page.length;
      // More than is shown tells that there are more.
      if (count > limit) break;
    }
  }
  const newest = rows.sort((a, b) => b.changedAt - a.changedAt).slice(0, limit);
  const shown = await readRows(context, newest, state);
  const more = rows.length > newest.length;
  return succeeded(
    [
      ...(shown.length === 0 ? ['There is no such document.'] : shown.map(line)),
      ...(more ? [`There are more than these ${shown.length}: the ones that changed last are shown (--limit).`] : []),
    ],
    { documents: shown.map(asJson), more },
  );
};

export const documentListCommands: readonly Command[] = [
  {
    words: 'document list',
    takes: [],
    looks: 'who',
    does: 'where documents are and whose move it is, what changed last first',
    options: [
      { name: 'sender', form: 'ODS', meaning: 'only of this organisation' },
      { name: 'state', form: 'STATE', meaning: 'only in this state' },
      limitOption,
    ],
    examples: [
      "document list --sender RX1 --by 'Ann Bell' --table TABLENAME",
      "document list --state SENDING --by 'Ann Bell' --json --table TABLENAME",
    ],
    run: (_, options, context) => listDocuments(options, context),
  },
];
