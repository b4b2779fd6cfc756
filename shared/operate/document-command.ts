import { z } from 'zod';
import type { DocumentId } from '../platform/ids.ts';
import { errorText } from '../platform/log.ts';
import { act, foresee, outcomeData } from './act.ts';
import type { DocumentAction } from './actions/action.ts';
import { telephoneFirst } from './actions/words.ts';
import {
  type Command,
  type CommandContext,
  type CommandOption,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
  succeeded,
} from './command.ts';
import { confirmed, yesOption } from './confirmed.ts';
import { type Listed, listFilter, listFor, listText, readList } from './document-list.ts';
import { problemLines, type Who, whoFields, whoOptions } from './who.ts';

const bulkOptions: readonly CommandOption[] = [
  {
    name: 'list',
    form: 'FILE',
    meaning: 'instead of a document: write a list of those it would change, and do nothing',
  },
  { name: 'from-list', form: 'FILE', meaning: 'instead of a document: do it to exactly those of such a list' },
  { name: 'sender', form: 'ODS', meaning: 'only documents of this organisation' },
  { name: 'code', form: 'CODE', meaning: 'for --list: only documents that need a person for this (attention)' },
  {
    name: 'state',
    form: 'STATE',
    meaning: 'for --list: only documents in this state; with --sender also those that need no person',
  },
];
const seenOption: CommandOption = {
  name: 'seen',
  form: 'WORD',
  meaning: 'only if the document still stands as it was shown under this word',
};

const target = z.object({
  documentId: z.uuid('must be a document’s id, as its receipt names it').optional(),
  list: z.string().min(1).optional(),
  'from-list': z.string().min(1).optional(),
  seen: z.string().min(1).optional(),
  ...listFilter.shape,
});

/** What a command adds: its own options, and which action they make. */
export interface DocumentCommand {
  readonly words: string;
  readonly does: string;
  readonly notes: readonly string[];
  readonly options?: readonly CommandOption[];
  readonly fields?: z.ZodRawShape;
  readonly examples: readonly string[];
  readonly action: (given: Readonly<Record<string, unknown>>) => DocumentAction;
}

type Target = z.output<typeof target>;

const one = async (
  action: DocumentAction,
  id: string,
  { sender, seen }: Target,
  who: Who,
  options: CommandOptions,
  context: CommandContext,
): Promise<CommandResult> => {
  const foreseen = await foresee(action, id as DocumentId, who, context, { senderOds: sender });
  const data = outcomeData(id, foreseen);
  if (foreseen.kind === 'unchanged') {
    return { ok: foreseen.settled, lines: foreseen.lines, data };
  }
  if (seen !== undefined && seen !== foreseen.seen) {
    return {
      ok: false,
      lines: ['Nothing was done: it does not stand any more as it was shown.', ...foreseen.lines],
      data,
    };
  }
  const shown = [...foreseen.lines, `(--seen ${foreseen.seen} does it only if it still stands so.)`];
  return confirmed(shown, options, context, data, async () => {
    const outcome = await act(action, foreseen, who, context);
    return {
      ok: outcome.kind === 'changed' || outcome.settled,
      lines: outcome.lines,
      data: outcomeData(id, outcome),
    };
  });
};

const count = (n: number): string => `${n} document${n === 1 ? '' : 's'}`;

const writeList = async (
  action: DocumentAction,
  file: string,
  filter: Target,
  who: Who,
  context: CommandContext,
): Promise<CommandResult> => {
  const { rows, leftOut } = await listFor(action, filter, who, context);
  if (rows.length === 0) {
    return succeeded(
      [
        `There is no document that ${action.name} would change; no list was written.`,
        ...[...leftOut].map(([why, n]) => `${count(n)} left out: ${why}`),
      ],
      { listed: [], leftOut: Object.fromEntries(leftOut) },
    );
  }
  const written = (await context.writeText?.(file, listText(action, rows))) ?? 'failed';
  if (written === 'exists') return refused(`${file} is there already: a list is never overwritten.`);
  if (written === 'failed') return refused(`${file} cannot be written.`);
  const perhaps = rows.filter(({ record }) => telephoneFirst(record).length > 0).length;
  return succeeded(
    [
      `${file} lists ${count(rows.length)} for ${action.name}. Nothing was done.`,
      ...(perhaps > 0
        ? [`Of ${perhaps} of them the practice may hold a copy already: telephone first, or take them off.`]
        : []),
      ...[...leftOut].map(([why, n]) => `${count(n)} left out: ${why}`),
      `Look at it, take lines away where it should not be done, then: ${action.name.split(' ')[0]} --from-list ${file}`,
    ],
    {
      list: file,
      listed: rows.map((row) => outcomeData(row.record.documentId, row)),
      leftOut: Object.fromEntries(leftOut),
    },
  );
};

/** One after the other; what one comes to stops no other. */
const doListed = async (
  action: DocumentAction,
  rows: readonly Listed[],
  { sender }: Target,
  who: Who,
  context: CommandContext,
): Promise<CommandResult> => {
  const lines: string[] = [];
  const outcomes: object[] = [];
  const counts = { changed: 0, settled: 0, not: 0 };
  for (const { documentId, seen } of rows) {
    try {
      const foreseen = await foresee(action, documentId, who, context, { senderOds: sender });
      const outcome =
        foreseen.kind === 'would-change' ? await act(action, { ...foreseen, seen }, who, context) : foreseen;
      counts[outcome.kind === 'changed' ? 'changed' : outcome.settled ? 'settled' : 'not'] += 1;
      lines.push(outcome.kind === 'changed' ? (outcome.lines[0] ?? '') : outcome.lines.join(' '));
      outcomes.push(outcomeData(documentId, outcome));
    } catch (error) {
      counts.not += 1;
      lines.push(`Document ${documentId}: it broke off, and may or may not have been done: ${errorText(error)}`);
      outcomes.push({ documentId, changed: false, brokeOff: true });
    }
  }
  const sum = `${count(counts.changed)} done, ${counts.settled} so already, ${counts.not} not done.`;
  return {
    ok: counts.not === 0,
    lines: [
      ...lines,
      counts.not === 0 ? sum : `${sum} The same list again does no harm: what is done is not done twice.`,
    ],
    data: { ...counts, outcomes },
  };
};

const fromList = async (
  action: DocumentAction,
  file: string,
  wanted: Target,
  who: Who,
  options: CommandOptions,
  context: CommandContext,
): Promise<CommandResult> => {
  const text = context.readText(file);
  if (text === undefined) return refused(`Cannot read ${file}.`);
  const read = readList(text, action.name);
  if (read.kind === 'problems') return refused(`${file} is not such a list; nothing was done:`, ...read.lines);
  const shown = [
    `${action.name}: ${count(read.rows.length)} of ${file}, each only if it still stands as it was listed. What happens to each stands there.`,
  ];
  return confirmed(shown, options, context, { list: file, documents: read.rows.length }, () =>
    doListed(action, read.rows, wanted, who, context),
  );
};

/** A command that does something to one document, or to those of a list. */
export const documentCommand = ({
  words,
  does,
  notes,
  options: own = [],
  fields = {},
  examples,
  action: actionOf,
}: DocumentCommand): Command => ({
  words,
  takes: ['[DOCUMENT_ID]'],
  looks: 'who',
  changes: true,
  does,
  notes: [
    ...notes,
    'It shows what will happen before it does it. Doing it again changes nothing and says who did it.',
    'Of many: --list FILE writes down which, then --from-list FILE does it to exactly those.',
  ],
  options: [...own, ...whoOptions, yesOption, seenOption, ...bulkOptions],
  examples,
  async run([documentId], options, context) {
    const read = target.extend({ ...whoFields, ...fields }).safeParse({ ...options, documentId });
    if (!read.success) {
      return misused('Nothing was done; put these right:', ...problemLines(read.error, { documentId: 'DOCUMENT_ID' }));
    }
    const { by, why } = read.data;
    const who = { by: by as string, why: why as string };
    const wanted = read.data as Target;
    const { list, 'from-list': from } = wanted;
    if ([documentId, list, from].filter((given) => given !== undefined).length !== 1) {
      return misused('Name a document, or --list FILE, or --from-list FILE: one of them.');
    }
    const action = actionOf(read.data);
    if (documentId !== undefined) return one(action, documentId.toLowerCase(), wanted, who, options, context);
    if (list !== undefined) return writeList(action, list, wanted, who, context);
    return fromList(action, from ?? '', wanted, who, options, context);
  },
});
