import { z } from 'zod';
import { attentionCodes } from '../delivery/attention-codes.ts';
import type { StoredRecord } from '../delivery/documents.ts';
import { openDocuments } from '../delivery/open-attention.ts';
import { stateOf } from '../delivery/state-of.ts';
import { states } from '../delivery/states.ts';
import { chosenCell, csvText, readCsv } from '../platform/csv.ts';
import type { DocumentId } from '../platform/ids.ts';
import { odsCode } from '../senders/sender.ts';
import { type Foreseen, foresee } from './act.ts';
import type { DocumentAction } from './actions/action.ts';
import { practiceCode } from './actions/words.ts';
import type { CommandContext } from './command.ts';
import { readRows, rowsOf, sendersMeant } from './documents-of.ts';
import type { Who } from './who.ts';

/** Which documents a list is to be made of. */
export const listFilter = z.object({
  sender: odsCode.optional(),
  code: z.enum(attentionCodes, `must be one of ${attentionCodes.join(', ')}`).optional(),
  state: z.enum(states, `must be one of ${states.join(', ')}`).optional(),
});
export type ListFilter = z.output<typeof listFilter>;

/** Those that are looked at, as a sentence goes on: `in state SENT of sender RX1`. */
export const candidateWords = ({ sender, code, state }: ListFilter): string => {
  const which = [
    ...(state === undefined || code !== undefined ? ['that need a person'] : []),
    ...(code === undefined ? [] : [`for ${code}`]),
    ...(state === undefined ? [] : [`in state ${state}`]),
    ...(sender === undefined ? [] : [`of sender ${sender}`]),
  ];
  return which.join(' ');
};

/** What may be meant: those in a state, or those that need a person. */
const candidates = async (context: CommandContext, { sender, code, state }: ListFilter) => {
  if (state !== undefined && code === undefined) {
    const found: StoredRecord[] = [];
    for (const each of await sendersMeant(context, sender)) {
      for await (const rows of rowsOf(context, each, state)) {
        found.push(...(await readRows(context, rows, state)).map(({ record }) => record));
      }
    }
    return found.sort((a, b) => a.receivedAt - b.receivedAt);
  }
  const open = await openDocuments(context.table, sender === undefined ? {} : { senderOds: sender });
  return open
    .filter(({ attention }) => code === undefined || attention.some((one) => one.code === code))
    .map(({ record }) => record)
    .filter((record) => state === undefined || stateOf(record) === state);
};

/** How many documents are looked at at a time. */
const atOnce = 20;

type WouldChange = Extract<Foreseen, { kind: 'would-change' }>;

/** Why documents are not on a list: how many, and what would be said of one of them. */
export interface LeftOut {
  readonly count: number;
  readonly documentId: DocumentId;
  readonly line: string;
}

/** The documents to which the action would do something, and those to which it would not, by why. */
export const listFor = async (
  action: DocumentAction,
  filter: ListFilter,
  who: Who,
  context: CommandContext,
): Promise<{ readonly rows: readonly WouldChange[]; readonly leftOut: readonly LeftOut[] }> => {
  const rows: WouldChange[] = [];
  const leftOut = new Map<string, LeftOut>();
  const all = await candidates(context, filter);
  for (let at = 0; at < all.length; at += atOnce) {
    const some = all.slice(at, at + atOnce);
    const looked = await Promise.all(some.map(({ documentId }) => foresee(action, documentId, who, context)));
    for (const [n, foreseen] of looked.entries()) {
      const documentId = some[n]?.documentId;
      if (foreseen.kind === 'would-change') rows.push(foreseen);
      else if (documentId !== undefined) {
        const line = foreseen.lines[1] ?? foreseen.lines[0] ?? '';
        const why = foreseen.why ?? line;
        const { count = 0, ...first } = leftOut.get(why) ?? { documentId, line };
        leftOut.set(why, { ...first, count: count + 1 });
      }
    }
  }
  return { rows, leftOut: [...leftOut.values()] };
};

const header = [
  'document',
  'seen',
  'action',
  'sender',
  'drop',
  'encounter',
  'version',
  'state',
  'practice',
  'what happens',
];

export const listText = (action: DocumentAction, rows: readonly WouldChange[]): string =>
  csvText([
    header,
    ...rows.map(({ record, seen, lines }) => [
      record.documentId,
      seen,
      action.name,
      record.senderOds,
      chosenCell(record.drops.at(-1)?.name ?? ''),
      chosenCell(record.encounterId ?? ''),
      String(record.version ?? ''),
      stateOf(record),
      practiceCode(record),
      lines.slice(1).join(' '),
    ]),
  ]);

/** One line of a list: the document, and how it stood when the list was made. */
export interface Listed {
  readonly documentId: DocumentId;
  readonly seen: string;
}

export type ListReading =
  | { readonly kind: 'list'; readonly rows: readonly Listed[] }
  | { readonly kind: 'problems'; readonly lines: readonly string[] };

const listLimit = 10_000;
const row = z.object({
  document: z.uuid('is no document’s id'),
  seen: z.string().regex(/^[0-9a-f]{12}$/, 'is no word of a list'),
});

/** A list as it was written, of which lines may have been taken away and columns added; or every problem at once. */
export const readList = (text: string, action: string): ListReading => {
  const [names, ...rows] = readCsv(text) ?? [];
  const at = (name: string) => names?.indexOf(name) ?? -1;
  const [document, seen, act] = ['document', 'seen', 'action'].map(at);
  if (document === undefined || seen === undefined || act === undefined || Math.min(document, seen, act) < 0) {
    return { kind: 'problems', lines: ['  it has no columns document, seen and action: make it with --list FILE'] };
  }
  const problems: string[] = [];
  const listed = new Map<string, Listed>();
  rows.forEach((cells, index) => {
    const line = `  line ${index + 2}`;
    const parsed = row.safeParse({ document: cells[document], seen: cells[seen] });
    if (!parsed.success) {
      problems.push(...parsed.error.issues.map(({ path, message }) => `${line}: ${path.join('.')} ${message}`));
      return;
    }
    if (cells[act] !== action) problems.push(`${line}: was listed for ${cells[act] || 'nothing'}, not for ${action}`);
    if (listed.has(parsed.data.document)) problems.push(`${line}: stands there twice`);
    listed.set(parsed.data.document, { documentId: parsed.data.document as DocumentId, seen: parsed.data.seen });
  });
  if (problems.length === 0 && listed.size === 0) problems.push('  it lists nothing');
  if (listed.size > listLimit) problems.push(`  it lists more than ${listLimit}: divide it`);
  return problems.length > 0 ? { kind: 'problems', lines: problems } : { kind: 'list', rows: [...listed.values()] };
};
