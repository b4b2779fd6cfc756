import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { compareStory } from '../../audit/compare-story.ts';
import type { Actor, DocumentAudit, ViewAudit } from '../../audit/entry.ts';
import { readStory, type Story } from '../../audit/read-story.ts';
import { writeView } from '../../audit/write-entries.ts';
import { readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { isoTime } from '../../platform/clock.ts';
import type { DocumentId } from '../../platform/ids.ts';
import type { Objects } from '../../platform/objects.ts';
import { readDeployment } from '../../senders/deployment.ts';
import {
  type Command,
  type CommandContext,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
} from '../command.ts';
import { problemLines, whoFields, whoOptions } from '../who.ts';

const request = z.object({ documentId: z.uuid('must be a document’s id, as its receipt names it'), ...whoFields });

const actorWords = ({ kind, id, clientId }: Actor): string =>
  [kind === 'system' ? 'this system' : kind, id, clientId && `client ${clientId}`].filter(Boolean).join(' ');

const entryLine = ({ sequence, at, kind, what, detail, actor, state }: DocumentAudit): string =>
  `${String(sequence).padStart(4)}  ${isoTime(at)}  ${kind.padEnd(9)}  ${state}  ${what}${detail === undefined ? '' : ` (${detail})`}, by ${actorWords(actor)}`;

const viewLine = ({ at, what, why, actor }: ViewAudit): string =>
  `      ${isoTime(at)}  viewed     ${what}, by ${actorWords(actor)}${why === undefined ? '' : `: ${why}`}`;

const lasting = 5;

/** Both as of one moment: what a write between the two readings changed is read again. */
const readBoth = async (archive: Objects, { table }: CommandContext, documentId: DocumentId) => {
  for (let attempt = 1; ; attempt++) {
    const before = await readDocument(table, documentId);
    const story = await readStory(archive, documentId);
    const record = await readDocument(table, documentId);
    if (record?.revision === before?.revision || attempt === lasting) return { story, record };
  }
};

const headLine = ({ documentId, entries }: Story, record: StoredRecord | undefined): string => {
  const senderOds = entries[0]?.senderOds ?? record?.senderOds ?? 'unknown';
  return `Document ${documentId}, sender ${senderOds}: ${entries.at(-1)?.state ?? 'no entries'}`;
};

/**
 * `operate story`: what the archive alone tells of one document, and whether the record says the same. Looking is itself
 * recorded, before anything is shown.
 */
export const tellStory = async (
  id: string,
  options: CommandOptions,
  context: CommandContext,
): Promise<CommandResult> => {
  const read = request.safeParse({ documentId: id, ...options });
  if (!read.success) {
    return misused(
      'Nothing was looked at; put these right:',
      ...problemLines(read.error, { documentId: 'DOCUMENT_ID' }),
    );
  }
  const { by, why } = read.data;
  const documentId = read.data.documentId.toLowerCase() as DocumentId;
  const { archiveBucket } = (await readDeployment(context.table)) ?? {};
  if (archiveBucket === undefined || !context.objects) {
    return refused('Where the archive is, is not known here yet: watch says so within a minute of the deployment.');
  }
  const archive = context.objects(archiveBucket);
  await writeView(
    archive,
    { documentId },
    {
      viewId: randomUUID(),
      at: context.clock.now(),
      kind: 'viewed',
      what: 'story',
      why,
      actor: { kind: 'person', id: by },
    },
  );
  const { story, record } = await readBoth(archive, context, documentId);
  if (!record && story.entries.length === 0 && story.problems.length === 0) {
    return refused(`There is no document ${documentId}: neither a record nor an entry in the archive.`);
  }
  const { differences, waiting } = compareStory(story, record);
  const wrong = [...story.problems, ...differences];
  const lines = [
    headLine(story, record),
    ...story.entries.map(entryLine),
    ...story.views.map(viewLine),
    ...story.kept.map(({ key, size }) => `      kept  ${key} (${size} bytes)`),
    ...(waiting.length > 0
      ? [`${waiting.length} of its changes wait on the record to be written to the archive.`]
      : []),
    ...(wrong.length > 0
      ? [`The archive and the record do not agree (${wrong.length}):`, ...wrong.map((each) => `  ${each}`)]
      : [`The archive and the record agree: ${story.entries.length} entries, none missing.`]),
  ];
  const { facts, ...told } = story;
  const data = { ...told, facts: Object.fromEntries(facts), waiting, differences };
  return { ok: wrong.length === 0, lines, data };
};

export const storyCommands: readonly Command[] = [
  {
    words: 'story',
    takes: ['DOCUMENT_ID'],
    does: 'what the archive tells of one document, and in what its record differs',
    notes: [
      'Rebuilt from the archive alone: who submitted it, what was composed, sent, received, viewed and changed.',
      'Ends with 1 where something is missing in the archive or the record says otherwise. That you looked is recorded.',
    ],
    options: whoOptions,
    examples: ["story DOCUMENTID --by 'Ann Bell' --why 'complaint 4711' --table TABLENAME"],
    run: ([id = ''], options, context) => tellStory(id, options, context),
  },
];
