import { z } from 'zod';
import { type RegistryJournal, withRegistryEntry } from '../../audit/registry-journal.ts';
import { applyEvent } from '../../delivery/documents.ts';
import { redrivesKey } from '../../delivery/keys.ts';
import { isoTime } from '../../platform/clock.ts';
import { errorText } from '../../platform/log.ts';
import type { DeadLetter, DeadLetters } from '../../platform/queue.ts';
import { change } from '../../platform/table.ts';
import { type QueueName, queueNames, readQueueUrls } from '../../senders/deployment.ts';
import { personSettings } from '../act.ts';
import {
  type Command,
  type CommandContext,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
  succeeded,
} from '../command.ts';
import { confirmed, yesOption } from '../confirmed.ts';
import { type Cause, causeOf, type LetterFate, letterFates } from '../dead-letters.ts';
import { type Looked, readRedriveList, redriveListText } from '../redrive-list.ts';
import { problemLines, type Who, who, whoOptions } from '../who.ts';

/** Who handed messages back, newest last. */
interface Redrives {
  readonly entries: readonly {
    readonly at: number;
    readonly by: string;
    readonly why: string;
    readonly queue: QueueName;
    readonly handedBack: number;
    readonly removed: number;
  }[];
  readonly journal?: RegistryJournal;
}
const entriesKept = 100;
const mostLetters = 1000;

/** All that can be seen, each once. A queue may show less than it has: what is left is there the next time. */
const receiveAll = async (queue: DeadLetters): Promise<readonly DeadLetter[]> => {
  const letters = new Map<string, DeadLetter>();
  let empty = 0;
  while (empty < 2 && letters.size < mostLetters) {
    const received = await queue.receive();
    empty = received.length === 0 ? empty + 1 : 0;
    for (const letter of received) letters.set(letter.messageId, letter);
  }
  return [...letters.values()].sort((a, b) => a.sentAt - b.sentAt);
};

const fateWords: Readonly<Record<LetterFate, string>> = {
  'hand-back': 'hand back',
  remove: 'take away: nothing is left to do',
  leave: 'leave, and look at it',
};

const groupsOf = (looked: readonly Looked[]) => {
  const groups = new Map<
    string,
    { fate: LetterFate; cause: string; count: number; oldest: number; documents: string[] }
  >();
  for (const { cause, fate, letter, documentId } of looked) {
    const group = groups.get(cause) ?? { fate, cause, count: 0, oldest: letter.sentAt, documents: [] };
    group.count += 1;
    group.oldest = Math.min(group.oldest, letter.sentAt);
    if (documentId !== undefined) group.documents.push(documentId);
    groups.set(cause, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
};

const look = async (
  name: QueueName,
  queue: DeadLetters,
  list: string | undefined,
  { table, writeText }: CommandContext,
): Promise<CommandResult> => {
  const letters = await receiveAll(queue);
  const looked: Looked[] = [];
  let about: number;
  try {
    for (const letter of letters) looked.push({ letter, ...(await causeOf(table, name, letter.body)) });
  } finally {
    await Promise.allSettled(letters.map((letter) => queue.letGo(letter)));
    about = Math.max(letters.length, await queue.count());
  }
  const last = (await table.read<Redrives>(redrivesKey))?.entries.findLast((entry) => entry.queue === name);
  const groups = groupsOf(looked);
  const lines = [
    `${looked.length} dead message${looked.length === 1 ? '' : 's'} of the ${name} queue${about > looked.length ? `, of about ${about}: the rest is shown next time` : ''}.`,
    ...groups.map(
      ({ fate, cause, count, oldest }) => `  ${count}  ${cause}, the oldest of ${isoTime(oldest)}: ${fateWords[fate]}`,
    ),
    ...(last
      ? [
          `Last done at ${isoTime(last.at)}, by ${last.by}: ${last.why} (${last.handedBack} handed back, ${last.removed} taken away)`,
        ]
      : []),
  ];
  const data = {
    queue: name,
    messages: looked.length,
    about,
    groups: groups.map((group) => ({ ...group, oldest: isoTime(group.oldest) })),
  };
  if (list === undefined) {
    return succeeded(
      [
        ...lines,
        ...(looked.length > 0
          ? [`Nothing was done. To do it: redrive ${name} --list FILE, then redrive ${name} --from-list FILE.`]
          : []),
      ],
      data,
    );
  }
  if (looked.length === 0) return succeeded([...lines, 'No list was written.'], data);
  const written = await writeText?.(list, redriveListText(name, looked));
  if (written === 'exists') return refused(`${list} is there already: a list is never overwritten.`);
  if (written !== 'written') return refused(`${list} cannot be written.`);
  return succeeded(
    [
      ...lines,
      `${list} lists them, with what to do (${letterFates.join(', ')}). Nothing was done. Then: redrive ${name} --from-list ${list}`,
    ],
    { ...data, list },
  );
};

/** In the history of the document that it is about, if there is one. */
const noteOn = async (cause: Cause, name: QueueName, { by, why }: Who, { table, clock }: CommandContext) => {
  if (cause.documentId === undefined) return;
  await applyEvent({ table, clock, settings: personSettings }, cause.documentId, {
    kind: 'redriven',
    queue: name,
    by,
    why,
  });
};

/** Sent again before it is taken away here: whoever breaks off in between leaves it twice, which is harmless. */
const redriveListed = async (
  name: QueueName,
  queue: DeadLetters,
  fates: ReadonlyMap<string, LetterFate>,
  by: Who,
  context: CommandContext,
): Promise<CommandResult> => {
  const counts = { handedBack: 0, removed: 0, left: 0, failed: 0 };
  const failures: string[] = [];
  const met = new Set<string>();
  // What is taken away may let more be seen: of a mailbox's messages only the first are shown.
  for (let letters = await receiveAll(queue); letters.some(({ messageId }) => !met.has(messageId)); ) {
    for (const letter of letters) {
      const fate = fates.get(letter.messageId);
      met.add(letter.messageId);
      try {
        if (fate === undefined || fate === 'leave') {
          await queue.letGo(letter);
          if (fate === 'leave') counts.left += 1;
          continue;
        }
        if (fate === 'hand-back') {
          await noteOn(await causeOf(context.table, name, letter.body), name, by, context);
          await queue.handBack(letter);
        }
        await queue.remove(letter);
        counts[fate === 'hand-back' ? 'handedBack' : 'removed'] += 1;
      } catch (error) {
        counts.failed += 1;
        failures.push(`Message ${letter.messageId}: it broke off: ${errorText(error)}`);
      }
    }
    if (counts.failed > 0 || [...fates.keys()].every((id) => met.has(id))) break;
    letters = await receiveAll(queue);
  }
  const gone = [...fates.keys()].filter((id) => !met.has(id)).length;
  const { handedBack, removed, left } = counts;
  if (handedBack + removed > 0) {
    const done = { at: context.clock.now(), ...by };
    const what = `${name} queue: ${handedBack} handed back, ${removed} taken away`;
    await change<Redrives, undefined>(context.table, redrivesKey, (stored) => ({
      kind: 'put',
      item: {
        entries: [...(stored?.entries ?? []), { ...done, queue: name, handedBack, removed }].slice(-entriesKept),
        journal: withRegistryEntry(stored?.journal, what, done),
      },
      indexed: { nextCheckAt: 0 },
      result: undefined,
    }));
  }
  return {
    ok: counts.failed === 0,
    lines: [
      ...failures,
      `${handedBack} handed back to the ${name} queue, ${removed} taken away, ${left} left. By ${by.by}: ${by.why}`,
      ...(gone > 0 ? [`${gone} of the list are not there any more, or somebody else looks at them just now.`] : []),
      ...(counts.failed > 0 ? ['The same list again does no harm.'] : []),
    ],
    data: { queue: name, ...counts, gone },
  };
};

const redrive = async (queueName: string, options: CommandOptions, context: CommandContext): Promise<CommandResult> => {
  const name = z.enum(queueNames).safeParse(queueName);
  if (!name.success) {
    return misused(
      `There is no queue ${queueName}: it is one of ${queueNames.join(', ')}. What storage events left undelivered is not handed back (runbook).`,
    );
  }
  const { list, 'from-list': from, 'dry-run': dry } = options;
  if (list !== undefined && from !== undefined) return misused('Give either --list or --from-list.');
  const urls = await readQueueUrls(context.table);
  if (!urls || !context.deadLettersOf) {
    return refused('Where the queues are is not known yet: watch writes it within a minute or two of a deployment.');
  }
  const queue = context.deadLettersOf(urls[name.data]);
  if (typeof from !== 'string') return look(name.data, queue, typeof list === 'string' ? list : undefined, context);
  const by = who.safeParse(options);
  if (!by.success && dry !== true) {
    return misused('Nothing was done; put these right:', ...problemLines(by.error));
  }
  const text = context.readText(from);
  if (text === undefined) return refused(`Cannot read ${from}.`);
  const read = readRedriveList(text, name.data);
  if ('problems' in read) return refused(`${from} is not such a list; nothing was done:`, ...read.problems);
  const of = (fate: LetterFate) => [...read.fates.values()].filter((each) => each === fate).length;
  const shown = [
    `Of the ${name.data} queue’s dead messages ${of('hand-back')} are to be handed back, ${of('remove')} taken away, ${of('leave')} left.`,
    'Functions decide from the record: what is handed back twice, or too late, does no harm.',
  ];
  if (dry === true || !by.success) return succeeded([...shown, 'Nothing was done.'], { list: from });
  return confirmed(shown, options, context, { list: from }, () =>
    redriveListed(name.data, queue, read.fates, by.data, context),
  );
};

export const redriveCommands: readonly Command[] = [
  {
    words: 'redrive',
    takes: ['QUEUE'],
    looks: 'who',
    changes: true,
    does: `hand dead messages back to a queue (${queueNames.join(', ')}), grouped by cause`,
    notes: [
      'Without --from-list it only looks: how many, why as far as the table tells, what to do with each group.',
      'Put the cause right first. Your own credentials must reach the queue and its dead-letter queue, and their key.',
    ],
    options: [
      { name: 'dry-run', meaning: 'only look; with --from-list only say what would be done' },
      { name: 'list', form: 'FILE', meaning: 'write down which, with what to do; change that as you like' },
      { name: 'from-list', form: 'FILE', meaning: 'do it to exactly those' },
      ...whoOptions,
      yesOption,
    ],
    examples: [
      "redrive outbox --dry-run --by 'Ann Bell' --table TABLENAME",
      "redrive outbox --list dead.csv --by 'Ann Bell' --table TABLENAME",
      "redrive outbox --from-list dead.csv --by 'Ann Bell' --why 'key policy put right' --yes --table TABLENAME",
    ],
    run: ([queue = ''], options, context) => redrive(queue, options, context),
  },
];
