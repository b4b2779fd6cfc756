import { randomUUID } from 'node:crypto';
import { writeView } from '../audit/write-entries.ts';
import { splitKey } from '../delivery/keys.ts';
import { errorText } from '../platform/log.ts';
import type { Objects } from '../platform/objects.ts';
import { inParallel } from '../platform/parallel.ts';
import { readDeployment } from '../senders/deployment.ts';
import type { Command, CommandContext } from './command.ts';

/**
 * What is asked of every command, in one place: whatever it reads of documents or of the quarantine is a view, and is
 * written to the archive before anybody is shown anything, asked anything, or anything is changed for it. No command does
 * so itself, and none that does not say that it looks, or changes, can do either.
 */

/** Who looks, and why where they said so. */
export interface Looker {
  readonly by: string;
  readonly why?: string | undefined;
}

/** That somebody looks cannot be written down: then nothing is shown. */
export class NotRecorded extends Error {}

/** A document, or a message in quarantine, that was read and whose view is not yet written. */
interface Seen {
  readonly documentId?: string;
  readonly senderOds?: string;
  readonly subject?: string;
}

const seenIn = (key: string, item: object | undefined): Seen | undefined => {
  const { kind, rest } = splitKey(key);
  if (!item) return undefined;
  if (kind === 'QUARANTINE') return { subject: `quarantine/${rest}` };
  if (kind !== 'DOC') return undefined;
  const { senderOds } = item as { readonly senderOds?: string };
  return { documentId: rest, ...(senderOds === undefined ? {} : { senderOds }) };
};

/** Keys of the archive that are about one document: `audit/{id}/…`, `views/{id}/…`, `sent/{id}/…`. */
const archived = /^(?:audit|views|sent)\/([0-9a-f-]{36})\//;

const putsAtOnce = 10;

export interface Looking {
  readonly context: CommandContext;
  /** Writes what was read and is not written yet. Throws `NotRecorded`. */
  settle(): Promise<void>;
  /** Whether anything was changed. */
  hasChanged(): boolean;
}

/** A command's context that keeps what it looks at. `archive`: its name, where the table cannot tell it. */
export const looking = (
  { words, looks, changes }: Pick<Command, 'words' | 'looks' | 'changes'>,
  looker: Looker | undefined,
  given: CommandContext,
  archive?: string,
): Looking => {
  const { table, objects, confirm, writeText } = given;
  const known = new Set<string>();
  const waiting: Seen[] = [];
  let changed = false;

  const see = (seen: Seen | undefined): void => {
    if (!seen) return;
    if (!looks) throw new Error(`${words} does not say that it looks at documents (looks).`);
    const name = seen.documentId ?? seen.subject ?? '';
    if (known.has(name)) return;
    known.add(name);
    waiting.push(seen);
  };

  const archiveBucket = async (): Promise<Objects> => {
    const name = archive ?? (await readDeployment(table))?.archiveBucket;
    if (name === undefined || !objects) {
      throw new NotRecorded('where the archive is, is not known here yet: watch says so within a minute or two.');
    }
    return objects(name);
  };

  const settle = async (): Promise<void> => {
    const seen = waiting.splice(0);
    if (seen.length === 0) return;
    try {
      if (!looker) throw new NotRecorded('nobody said who looks.');
      const bucket = await archiveBucket();
      const actor = { kind: 'person' as const, id: looker.by };
      const why = looker.why === undefined ? {} : { why: looker.why };
      const failures: unknown[] = [];
      await inParallel(seen, putsAtOnce, async (of) => {
        const view = {
          viewId: randomUUID(),
          at: given.clock.now(),
          kind: 'viewed' as const,
          what: words,
          ...why,
          actor,
        };
        return writeView(bucket, of, view).then(
          () => 'go on' as const,
          (error: unknown) => {
            failures.push(error);
            return 'stop' as const;
          },
        );
      });
      if (failures.length > 0) throw failures[0];
    } catch (error) {
      waiting.push(...seen);
      throw error instanceof NotRecorded ? error : new NotRecorded(errorText(error));
    }
  };

  const about = async (): Promise<void> => {
    if (!changes) throw new Error(`${words} does not say that it changes anything (changes).`);
    await settle();
    changed = true;
  };

  const watched: CommandContext['table'] = {
    due: (...asked) => table.due(...asked),
    bySender: (...asked) => table.bySender(...asked),
    openAttention: (...asked) => table.openAttention(...asked),
    attention: (...asked) => table.attention(...asked),
    listed: (...asked) => table.listed(...asked),
    async read<T>(key: string) {
      const item = await table.read<T>(key);
      see(seenIn(key, item));
      return item;
    },
    async write(...asked) {
      await about();
      return table.write(...asked);
    },
    async remove(...asked) {
      await about();
      return table.remove(...asked);
    },
  };

  const seeKey = async (key: string): Promise<void> => {
    const [, documentId] = archived.exec(key) ?? [];
    see(documentId === undefined ? undefined : { documentId });
    await settle();
  };
  const watchedBucket = (bucket: Objects): Objects => ({
    ...bucket,
    async get(key, options) {
      await seeKey(key);
      return bucket.get(key, options);
    },
    async head(key) {
      await seeKey(key);
      return bucket.head(key);
    },
    async put(...asked) {
      await about();
      return bucket.put(...asked);
    },
    async *list(prefix, after) {
      await seeKey(prefix);
      yield* bucket.list(prefix, after);
    },
  });

  const context: CommandContext = {
    ...given,
    table: watched,
    ...(objects ? { objects: (name) => watchedBucket(objects(name)) } : {}),
    ...(confirm
      ? {
          confirm: async (lines) => {
            await settle();
            return confirm(lines);
          },
        }
      : {}),
    ...(writeText
      ? {
          writeText: async (path, text) => {
            await settle();
            return writeText(path, text);
          },
        }
      : {}),
  };
  return { context, settle, hasChanged: () => changed };
};
