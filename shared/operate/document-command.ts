import { z } from 'zod';
import { act, foresee, outcomeData } from './act.ts';
import type { DocumentAction } from './actions/action.ts';
import { fromList, writeList } from './bulk.ts';
import {
  type Command,
  type CommandContext,
  type CommandOption,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
} from './command.ts';
import { confirmed, yesOption } from './confirmed.ts';
import { listFilter } from './document-list.ts';
import { findDocument, noDocument, waysToName } from './find-document.ts';
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
    meaning: 'for --list: only documents in this state, also those that need no person',
  },
];
const seenOption: CommandOption = {
  name: 'seen',
  form: 'WORD',
  meaning: 'only if the document still stands as it was shown under this word',
};

const target = z.object({
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
  name: string,
  { sender, seen }: Target,
  who: Who,
  options: CommandOptions,
  context: CommandContext,
): Promise<CommandResult> => {
  const found = await findDocument(context, name);
  if (!found) return { ...refused(noDocument(name)), data: { changed: false, settled: false } };
  const id = found.documentId;
  const foreseen = await foresee(action, id, who, context, { senderOds: sender });
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

/** What would be passed over in silence is refused: somebody meant something by it. */
const foreignTo = ({ list, seen, code, state }: Target): string | undefined => {
  if (list === undefined) {
    return code === undefined && state === undefined
      ? undefined
      : '--code and --state say what --list writes down: they are for --list alone.';
  }
  return seen === undefined ? undefined : '--seen is for one document: a list has such a word for each of its own.';
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
  takes: ['[ID]'],
  looks: 'who',
  changes: true,
  does,
  notes: [
    ...notes,
    waysToName,
    'It shows what will happen before it does it. Doing it again changes nothing and says who did it.',
    'Of many: --list FILE writes down which, then --from-list FILE does it to exactly those.',
  ],
  options: [...own, ...whoOptions, yesOption, seenOption, ...bulkOptions],
  examples,
  async run([name], options, context) {
    const read = target.extend({ ...whoFields, ...fields }).safeParse(options);
    if (!read.success) {
      return misused('Nothing was done; put these right:', ...problemLines(read.error));
    }
    const { by, why } = read.data;
    const who = { by: by as string, why: why as string };
    const wanted = read.data as Target;
    const { list, 'from-list': from } = wanted;
    if ([name, list, from].filter((given) => given !== undefined).length !== 1) {
      return misused('Name a document, or --list FILE, or --from-list FILE: one of them.');
    }
    const foreign = foreignTo(wanted);
    if (foreign !== undefined) return misused(foreign);
    const action = actionOf(read.data);
    if (name !== undefined) return one(action, name, wanted, who, options, context);
    if (list !== undefined) return writeList(action, list, wanted, who, context);
    return fromList(action, from ?? '', wanted.sender, who, options, context);
  },
});
