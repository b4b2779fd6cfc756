import { z } from 'zod';
import { readDocument } from '../../delivery/documents.ts';
import { archivedReceived, foreignKey, quarantineKey, quarantineList, splitKey } from '../../delivery/keys.ts';
import type { Quarantined, Suggestion } from '../../delivery/quarantine.ts';
import { stateOf } from '../../delivery/state-of.ts';
import type { State } from '../../delivery/states.ts';
import { responseCode } from '../../itk3/response-codes.ts';
import { isoTime } from '../../platform/clock.ts';
import type { ListPosition, MailboxIndex, Table } from '../../platform/table.ts';
import { listMailboxes } from '../../senders/registry.ts';
import { type Command, type CommandOptions, type CommandResult, misused, refused, succeeded } from '../command.ts';
import { limitField, limitOption } from '../limit-option.ts';
import { problemLines } from '../who.ts';

/** What waits in the quarantine: answers and reports of ours that match no document. No patient data. */

/** One message as lists and `show` name it. */
interface Entry extends Quarantined {
  readonly meshMessageId: string;
}

const pageSize = 100;
const listOptions = z.object({ mailbox: z.string().optional(), limit: limitField });

/** From one mailbox's list, the longest there first, page by page as far as it is wanted. */
const entriesOf = async (
  table: Table & MailboxIndex,
  mailboxId: string,
  now: number,
  wanted: number,
): Promise<Entry[]> => {
  const entries: Entry[] = [];
  let after: ListPosition | undefined;
  do {
    const page = await table.listed(quarantineList(mailboxId), {
      to: now,
      limit: Math.min(pageSize, wanted - entries.length),
      ...(after === undefined ? {} : { after }),
    });
    for (const { key } of page.rows) {
      const item = await table.read<Quarantined>(key);
      if (item) entries.push(entryOf(splitKey(key).rest, item));
    }
    after = page.next;
  } while (after && entries.length < wanted);
  return entries;
};

const entryOf = (meshMessageId: string, item: Quarantined & { revision?: number }): Entry => {
  const { revision: _, journal: __, ...rest } = item;
  return { meshMessageId, ...rest };
};

export const what = ({ response, report, why }: Quarantined): string =>
  response
    ? `${response.codes.join(', ') || 'no code'} (${response.polarity}), ${why}`
    : report
      ? `report ${report.code}, ${why}`
      : why;

const asJson = ({ at, response, suggestions = [], ...rest }: Entry) => ({
  receivedAt: isoTime(at),
  ...rest,
  ...(response === undefined
    ? {}
    : {
        response: {
          ...response,
          ...(response.madeAt === undefined ? {} : { madeAt: isoTime(response.madeAt) }),
        },
      }),
  suggestions: suggestions.map(suggestionJson),
});

const suggestionJson = ({ sentAt, ...suggestion }: Suggestion) => ({
  ...suggestion,
  ...(sentAt === undefined ? {} : { sentAt: isoTime(sentAt) }),
});

const list = async (table: Table & MailboxIndex, now: number, options: CommandOptions): Promise<CommandResult> => {
  const asked = listOptions.safeParse(options);
  if (!asked.success) return misused(...problemLines(asked.error));
  const { mailbox, limit: most } = asked.data;
  const known = (await listMailboxes(table)).map(({ setting }) => setting.mailboxId as string).sort();
  if (mailbox !== undefined && !known.includes(mailbox)) return refused(`There is no mailbox ${mailbox}.`);
  const found: Entry[] = [];
  for (const mailboxId of mailbox === undefined ? known : [mailbox]) {
    // One more than is shown tells whether there are more.
    found.push(...(await entriesOf(table, mailboxId, now, most + 1)));
  }
  const shown = found.sort((a, b) => a.at - b.at).slice(0, most);
  const more = found.length > shown.length;
  const data = { quarantined: shown.map(asJson), more };
  if (shown.length === 0) return succeeded(['Nothing is in quarantine.'], data);
  return succeeded(
    [
      ...shown.map(
        (entry) =>
          `${isoTime(entry.at)}  ${entry.mailboxId}  ${entry.meshMessageId}  ${what(entry)}  suggestions: ${entry.suggestions?.length ?? 0}`,
      ),
      ...(more ? [`There are more than these ${shown.length}: the ones that wait longest are shown.`] : []),
    ],
    data,
  );
};

const yesNo = (value: boolean | undefined): string => (value === undefined ? 'not known' : value ? 'yes' : 'no');

const suggestionLine = (suggestion: Suggestion, state: State | undefined): string =>
  `  ${suggestion.documentId}  ${suggestion.senderOds}, version ${suggestion.version ?? '?'}, ${
    suggestion.sentAt === undefined ? 'not known to be sent' : `sent ${isoTime(suggestion.sentAt)}`
  }; to the practice that answers: ${yesNo(suggestion.samePractice)}; now ${state ?? 'gone'}`;

/** What it may be about, with how each of those stands now. */
export const suggested = async (table: Table, { report, suggestions = [] }: Quarantined) => {
  const states: (State | undefined)[] = [];
  for (const { documentId } of suggestions) {
    const record = await readDocument(table, documentId);
    states.push(record && stateOf(record));
  }
  return {
    states,
    lines: [
      suggestions.length === 0
        ? `No document is suggested.${report ? ' It may be about one of which an answer of MESH was lost: document list --state SENDING shows those that are in doubt still.' : ''}`
        : 'It may be about these; nothing is done about them before somebody decides:',
      ...suggestions.map((suggestion, n) => suggestionLine(suggestion, states[n])),
    ],
  };
};

/** What somebody made of it, and whether that is done. */
const decisionLine = ({ decision, done }: Quarantined): readonly string[] => {
  if (!decision) return [];
  const what = decision.as === 'applied' ? `applied to ${decision.documentId}` : 'dismissed';
  return [
    `${what} at ${isoTime(decision.at)}, by ${decision.by}: ${decision.why}${done ? '' : ' (not done yet)'}`.replace(
      /^./,
      (first) => first.toUpperCase(),
    ),
  ];
};

/** Not there: perhaps it is somebody else's, and was left alone. */
export const notThere = async (table: Table, id: string): Promise<CommandResult> => {
  for (const { setting } of await listMailboxes(table)) {
    if (await table.read(foreignKey(setting.mailboxId, id))) {
      return refused(`Message ${id} is not ours: it was left in the mailbox ${setting.mailboxId} for its owner.`);
    }
  }
  return refused(`Nothing with the MESH message id ${id} is in quarantine.`);
};

const show = async (table: Table, meshMessageId: string): Promise<CommandResult> => {
  const item = await table.read<Quarantined>(quarantineKey(meshMessageId));
  if (!item) return notThere(table, meshMessageId);
  const entry = entryOf(meshMessageId, item);
  const { mailboxId, fromMailboxId, workflowId, response, report, suggestions = [] } = entry;
  const { states, lines: suggestionLines } = await suggested(table, item);
  const raw = ['headers', 'body'].map((kind, n) => archivedReceived(mailboxId, meshMessageId, n + 1, kind));
  const data = {
    ...asJson(entry),
    raw,
    suggestions: suggestions.map((one, n) => ({ ...suggestionJson(one), state: states[n] })),
  };
  const meaning = response?.codes.map((code) => `  ${code}: ${responseCode(code).meaning}`) ?? [];
  return succeeded(
    [
      `${meshMessageId} came into ${mailboxId} at ${isoTime(entry.at)}: ${what(entry)}.`,
      ...(fromMailboxId === undefined ? [] : [`From mailbox: ${fromMailboxId}`]),
      ...(workflowId === undefined ? [] : [`Workflow: ${workflowId}`]),
      ...(response?.responderOds === undefined ? [] : [`Practice: ${response.responderOds}`]),
      ...(response?.madeAt === undefined ? [] : [`Made: ${isoTime(response.madeAt)}`]),
      ...(response?.inResponseTo === undefined ? [] : [`Says it answers: ${response.inResponseTo}`]),
      ...meaning,
      ...(report?.linkedMessageId === undefined ? [] : [`About the MESH message: ${report.linkedMessageId}`]),
      ...(report === undefined ? [] : [report.advice]),
      ...suggestionLines,
      ...decisionLine(entry),
      'Its bytes, which may hold patient data, are in the archive bucket:',
      ...raw.map((key) => `  ${key}`),
    ],
    data,
  );
};

export const quarantineCommands: readonly Command[] = [
  {
    words: 'quarantine list',
    takes: [],
    looks: 'who',
    does: 'answers and reports of ours that match no document, the ones that wait longest first',
    options: [{ name: 'mailbox', form: 'ID', meaning: 'only of this mailbox' }, limitOption],
    examples: [
      "quarantine list --by 'Ann Bell' --table TABLENAME",
      "quarantine list --mailbox RX1OT001 --by 'Ann Bell' --json --table TABLENAME",
    ],
    run: (_, options, { table, clock }) => list(table, clock.now(), options),
  },
  {
    words: 'quarantine show',
    takes: ['MESSAGE_ID'],
    looks: 'who',
    does: 'one of them, with the documents that it may be about',
    notes: ['Shows no patient data: the bytes, which may hold some, are in the archive bucket under the keys shown.'],
    examples: ["quarantine show 20260318102000000000_AB12CD --by 'Ann Bell' --table TABLENAME"],
    run: ([id = ''], _, { table }) => show(table, id),
  },
];
