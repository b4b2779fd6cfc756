import { said } from '../delivery/person-refusal.ts';
import { isoTime } from '../platform/clock.ts';
import { errorText } from '../platform/log.ts';
import { act, type Changed, foresee, outcomeData, type Unchanged } from './act.ts';
import type { DocumentAction } from './actions/action.ts';
import { dealtWith, describe, telephoneFirst } from './actions/words.ts';
import { type CommandContext, type CommandOptions, type CommandResult, refused, succeeded } from './command.ts';
import { confirmed } from './confirmed.ts';
import {
  candidateWords,
  type LeftOut,
  type Listed,
  type ListFilter,
  listFor,
  listText,
  readList,
} from './document-list.ts';
import type { Who } from './who.ts';

/** Of many documents: a list first, which can be looked at, and then exactly that list. */

const count = (n: number): string => `${n} document${n === 1 ? '' : 's'}`;

const leftOutLine = ({ count: n, documentId, line }: LeftOut): string =>
  `${count(n)} left out, ${n === 1 ? '' : 'such as '}${documentId}: ${line}`;

export const writeList = async (
  action: DocumentAction,
  file: string,
  filter: ListFilter,
  who: Who,
  context: CommandContext,
): Promise<CommandResult> => {
  const { rows, leftOut } = await listFor(action, filter, who, context);
  if (rows.length === 0) {
    return succeeded(
      [
        `Of the documents ${candidateWords(filter)} there is none that ${action.name} would change; no list was written.`,
        ...leftOut.map(leftOutLine),
        ...(filter.state === undefined ? ['Documents that need no person are found with --state.'] : []),
      ],
      { listed: [], leftOut },
    );
  }
  const written = (await context.writeText?.(file, listText(action, rows))) ?? 'failed';
  if (written === 'exists') return refused(`${file} is there already: a list is never overwritten.`);
  if (written === 'failed') return refused(`${file} cannot be written.`);
  const perhaps = rows.filter(({ record }) => telephoneFirst(record).length > 0).length;
  const dealt = action.name === 'resend' ? rows.filter(({ record }) => dealtWith(record).length > 0).length : 0;
  return succeeded(
    [
      `${file} lists ${count(rows.length)} for ${action.name}. Nothing was done.`,
      ...(perhaps > 0
        ? [`Of ${perhaps} of them the practice may hold a copy already: telephone first, or take them off.`]
        : []),
      ...(dealt > 0 ? [`With ${dealt} of them somebody has dealt otherwise: the list says how.`] : []),
      ...leftOut.map(leftOutLine),
      `Look at it, take lines away where it should not be done, then: ${action.typed} --from-list ${file}`,
    ],
    {
      list: file,
      listed: rows.map((row) => outcomeData(row.record.documentId, row)),
      leftOut,
    },
  );
};

/** Run again after it broke off, a list meets what it has done itself, however that has gone on since: it was done. */
const asDoneBefore = (action: DocumentAction, outcome: Changed | Unchanged, { by, why }: Who): Changed | Unchanged => {
  const { record } = outcome;
  if (outcome.kind === 'changed' || outcome.settled || !record) return outcome;
  const done = record.history.findLast(
    ({ what, detail }) => action.history.includes(what) && detail?.endsWith(said({ by, why })),
  );
  if (!done) return outcome;
  const line = `It was done before, at ${isoTime(done.at)}, ${said({ by, why })}. Nothing was changed.`;
  return { ...outcome, settled: true, lines: [describe(record), line] };
};

/** A long list takes minutes. */
const toldEvery = 50;

/** One after the other; what one comes to stops no other. */
const doListed = async (
  action: DocumentAction,
  rows: readonly Listed[],
  senderOds: string | undefined,
  who: Who,
  context: CommandContext,
): Promise<CommandResult> => {
  const lines: string[] = [];
  const outcomes: object[] = [];
  const counts = { changed: 0, settled: 0, not: 0 };
  for (const { documentId, seen } of rows) {
    try {
      const foreseen = await foresee(action, documentId, who, context, { senderOds });
      const came = foreseen.kind === 'would-change' ? await act(action, { ...foreseen, seen }, who, context) : foreseen;
      const outcome = asDoneBefore(action, came, who);
      counts[outcome.kind === 'changed' ? 'changed' : outcome.settled ? 'settled' : 'not'] += 1;
      lines.push(outcome.kind === 'changed' ? (outcome.lines[0] ?? '') : outcome.lines.join(' '));
      outcomes.push(outcomeData(documentId, outcome));
    } catch (error) {
      counts.not += 1;
      lines.push(`Document ${documentId}: it broke off, and may or may not have been done: ${errorText(error)}`);
      outcomes.push({ documentId, changed: false, brokeOff: true });
    }
    if (outcomes.length % toldEvery === 0) context.progress?.(`${outcomes.length} of ${rows.length} so far`);
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

export const fromList = async (
  action: DocumentAction,
  file: string,
  senderOds: string | undefined,
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
    doListed(action, read.rows, senderOds, who, context),
  );
};
