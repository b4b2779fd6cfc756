import type { z } from 'zod';
import { archivedReceived, archivedSent } from '../delivery/keys.ts';
import type { Composition } from '../delivery/record.ts';
import { type Objects, readWhole } from '../platform/objects.ts';
import {
  type AuditEntry,
  changeObject,
  type DocumentAudit,
  digestOf,
  documentAudit,
  documentAuditPrefix,
  documentViewPrefix,
  type ViewAudit,
  viewAudit,
} from './entry.ts';
import { type Facts, factsObject, withChanges } from './facts.ts';

/** One document's story, from the archive alone. */
export interface Story {
  readonly documentId: string;
  /** As they happened. */
  readonly entries: readonly DocumentAudit[];
  /** Who looked, in the order of time. */
  readonly views: readonly ViewAudit[];
  /** What is kept of both sides: the message as sent, and what came back as it came. */
  readonly kept: readonly { readonly key: string; readonly size: number }[];
  /** What the document's record must hold, if nothing is wrong. */
  readonly facts: Facts;
  /** What is missing or not as it was written; empty where the archive is whole. */
  readonly problems: readonly string[];
}

const entryBytes = 1 << 20;

const readObject = async <S extends z.ZodType>(
  archive: Objects,
  key: string,
  schema: S,
): Promise<z.output<S> | undefined> => {
  const found = await readWhole(archive, key, entryBytes);
  if (found === undefined || found === 'too-large') return undefined;
  try {
    return schema.safeParse(JSON.parse(found.bytes.toString('utf8'))).data;
  } catch {
    return undefined;
  }
};

const readAll = async <S extends z.ZodType>(archive: Objects, prefix: string, schema: S) => {
  const read: { readonly key: string; readonly entry: z.output<S> | undefined }[] = [];
  for await (const { key } of archive.list(prefix)) read.push({ key, entry: await readObject(archive, key, schema) });
  return read;
};

/** Entry by entry: the facts that they add up to, and where they do not follow from each other. */
export const replay = (
  entries: readonly AuditEntry[],
): { readonly facts: Facts; readonly problems: readonly string[] } => {
  const problems: string[] = [];
  let facts: Facts = new Map();
  let expected = 1;
  for (const { sequence, set, removed, digest } of entries) {
    if (sequence !== expected) problems.push(gap(expected, sequence - 1));
    expected = sequence + 1;
    facts = withChanges(facts, { set, ...(removed === undefined ? {} : { removed }) });
    if (digestOf(factsObject(facts)) !== digest) {
      problems.push(`Entry ${sequence} does not follow from those before it: its digest is of other facts.`);
    }
  }
  return { facts, problems };
};

const gap = (from: number, to: number): string =>
  from === to ? `Entry ${from} is missing.` : `Entries ${from} to ${to} are missing.`;

/** Compositions as far as the facts tell of them. */
const compositionsOf = (facts: Facts): readonly Partial<Composition>[] => {
  const found = new Map<string, Record<string, unknown>>();
  for (const [path, value] of facts) {
    const [, number, name] = /^compositions\/(\d+)\/(.+)$/.exec(path) ?? [];
    if (number === undefined || name === undefined) continue;
    found.set(number, { ...found.get(number), [name]: value });
  }
  return [...found.values()];
};

/** What must lie in the archive for a composition: all that was sent, and each answer and report as it came. */
const mustBeKept = (documentId: string, composition: Partial<Composition>): readonly string[] => {
  const { number = 0, stored, sentAt, attempts = [], infrastructure, business, report } = composition;
  const { alsoAnswered = [], alsoReported = [], earlierSends = [] } = composition;
  const { contradiction, decidedContradictions = [] } = composition;
  const wasSent = sentAt !== undefined || attempts.some(({ outcome }) => outcome?.kind === 'sent');
  const sent =
    stored && wasSent
      ? [
          archivedSent(documentId, number, 1, 'envelope'),
          ...stored.parts.map((_, index) => archivedSent(documentId, number, index + 2, `message-part-${index + 1}`)),
        ]
      : [];
  const contradictions = [contradiction, ...decidedContradictions].map((one) => one?.answer);
  const answers = [infrastructure, business, ...alsoAnswered, ...contradictions].flatMap((one) =>
    one ? [{ mailboxId: one.mailboxId as string, id: one.inboundMessageId }] : [],
  );
  // What tracking told is no message: nothing of it came in.
  const reports = [report, ...alsoReported, ...earlierSends.map((one) => one.report)].flatMap((one) =>
    one && stored && one.source !== 'tracking'
      ? [{ mailboxId: stored.mailboxId as string, id: one.inboundMessageId }]
      : [],
  );
  const received = [...answers, ...reports].flatMap(({ mailboxId, id }) => [
    archivedReceived(mailboxId, id, 1, 'headers'),
    archivedReceived(mailboxId, id, 2, 'body'),
  ]);
  return [...sent, ...new Set(received)];
};

export const readStory = async (archive: Objects, documentId: string): Promise<Story> => {
  const problems: string[] = [];
  const entries: DocumentAudit[] = [];
  for (const { key, entry } of await readAll(archive, documentAuditPrefix(documentId), documentAudit)) {
    if (!entry || entry.documentId !== documentId || changeObject(documentId, entry) !== key) {
      problems.push(`${key} is no entry of this document's.`);
    } else entries.push(entry);
  }
  const views: ViewAudit[] = [];
  for (const { key, entry } of await readAll(archive, documentViewPrefix(documentId), viewAudit)) {
    if (entry) views.push(entry);
    else problems.push(`${key} cannot be read.`);
  }
  const replayed = replay(entries);
  const kept: { key: string; size: number }[] = [];
  for (const key of compositionsOf(replayed.facts).flatMap((each) => mustBeKept(documentId, each))) {
    const found = await archive.head(key);
    if (found) kept.push({ key, size: found.size });
    else problems.push(`${key} is not kept.`);
  }
  return { documentId, entries, views, kept, facts: replayed.facts, problems: [...problems, ...replayed.problems] };
};
