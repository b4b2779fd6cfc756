import { createHash } from 'node:crypto';
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

/** What must lie in the archive, and how it must be where the facts tell. */
interface MustBeKept {
  readonly key: string;
  readonly size?: number;
  /** SHA-256 of its bytes, hex. */
  readonly sha256?: string;
}

/** What must lie in the archive for a composition: all that was sent, and each answer and report as it came. */
const mustBeKept = (documentId: string, composition: Partial<Composition>): readonly MustBeKept[] => {
  const { number = 0, stored, sentAt, attempts = [], infrastructure, business, report } = composition;
  const { alsoAnswered = [], alsoReported = [], earlierSends = [] } = composition;
  const { contradiction, decidedContradictions = [] } = composition;
  const wasSent = sentAt !== undefined || attempts.some(({ outcome }) => outcome?.kind === 'sent');
  const sent =
    stored && wasSent
      ? [
          { key: archivedSent(documentId, number, 1, 'envelope') },
          ...stored.parts.map(({ length, sha256 }, index) => ({
            key: archivedSent(documentId, number, index + 2, `message-part-${index + 1}`),
            size: length,
            sha256,
          })),
        ]
      : [];
  const contradictions = [contradiction, ...decidedContradictions].map((one) => one?.answer);
  const answers = [infrastructure, business, ...alsoAnswered, ...contradictions].flatMap((one) =>
    one ? [{ ...one, mailboxId: one.mailboxId as string }] : [],
  );
  // What tracking told is no message: nothing of it came in.
  const reports = [report, ...alsoReported, ...earlierSends.map((one) => one.report)].flatMap((one) =>
    one && stored && one.source !== 'tracking' ? [{ ...one, mailboxId: stored.mailboxId as string }] : [],
  );
  const received = [...answers, ...reports].flatMap(({ mailboxId, inboundMessageId: id, bodySha256 }) => [
    { key: archivedReceived(mailboxId, id, 1, 'headers') },
    {
      key: archivedReceived(mailboxId, id, 2, 'body'),
      ...(bodySha256 === undefined ? {} : { sha256: bodySha256 }),
    },
  ]);
  // One message may have said several things.
  return [...new Map([...sent, ...received].map((one) => [one.key, one])).values()];
};

const digestOfObject = async (archive: Objects, key: string): Promise<string | undefined> => {
  const found = await archive.get(key);
  if (!found) return undefined;
  const hash = createHash('sha256');
  for await (const piece of found.body) hash.update(piece);
  return hash.digest('hex');
};

/** The folder that an object lies in: everything of one message. */
const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/**
 * What is kept, by listing: whoever reads a story need not have the right to read messages. With `bytes` what was sent
 * and what came is read too, and its digest compared.
 */
const keptOf = async (archive: Objects, must: readonly MustBeKept[], bytes: boolean) => {
  const kept = new Map<string, number>();
  for (const folder of new Set(must.map(({ key }) => folderOf(key)))) {
    for await (const { key, size } of archive.list(folder)) kept.set(key, size);
  }
  const problems: string[] = [];
  for (const { key, size, sha256 } of must) {
    const found = kept.get(key);
    if (found === undefined) problems.push(`${key} is not kept.`);
    else if (size !== undefined && found !== size) {
      problems.push(`${key} is not as it was: ${found} bytes, once ${size}.`);
    } else if (bytes && sha256 !== undefined && (await digestOfObject(archive, key)) !== sha256) {
      problems.push(`${key} is not as it was: its SHA-256 is another.`);
    }
  }
  return { kept: [...kept].map(([key, size]) => ({ key, size })), problems };
};

export const readStory = async (
  archive: Objects,
  documentId: string,
  { bytes = false }: { readonly bytes?: boolean } = {},
): Promise<Story> => {
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
  const must = compositionsOf(replayed.facts).flatMap((each) => mustBeKept(documentId, each));
  const found = await keptOf(archive, must, bytes);
  return {
    documentId,
    entries,
    views,
    kept: found.kept,
    facts: replayed.facts,
    problems: [...problems, ...found.problems, ...replayed.problems],
  };
};
