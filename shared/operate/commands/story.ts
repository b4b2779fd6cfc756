import { z } from 'zod';
import { compareStory } from '../../audit/compare-story.ts';
import { type Actor, type AuditEntry, auditSchema, type DocumentAudit, type ViewAudit } from '../../audit/entry.ts';
import { auditBundleOf } from '../../audit/fhir-audit-event.ts';
import { readStory, type Story } from '../../audit/read-story.ts';
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
  succeeded,
} from '../command.ts';
import { findDocument } from '../find-document.ts';

const actorWords = ({ kind, id, userId, roleId, clientId }: Actor): string =>
  [
    kind === 'system' ? 'this system' : kind,
    id,
    userId && `user ${userId}`,
    roleId && `role ${roleId}`,
    clientId && `client ${clientId}`,
  ]
    .filter(Boolean)
    .join(' ');

const entryLine = ({ sequence, at, kind, what, detail, actor, state }: DocumentAudit): string =>
  `${String(sequence).padStart(4)}  ${isoTime(at)}  ${kind.padEnd(9)}  ${state}  ${what}${detail === undefined ? '' : ` (${detail})`}, by ${actorWords(actor)}`;

const viewLine = ({ at, what, why, actor }: ViewAudit): string =>
  `      ${isoTime(at)}  viewed     ${what}, by ${actorWords(actor)}${why === undefined ? '' : `: ${why}`}`;

const lasting = 5;

interface Told {
  readonly story: Story;
  /** Absent where only the archive was asked. */
  readonly compared?: { readonly record: StoredRecord | undefined };
}

/** Both as of one moment: what a write between the two readings changed is read again. */
const readBoth = async (
  archive: Objects,
  { table }: CommandContext,
  documentId: DocumentId,
  how: { readonly bytes: boolean },
): Promise<Told> => {
  for (let attempt = 1; ; attempt++) {
    const before = await readDocument(table, documentId);
    const story = await readStory(archive, documentId, how);
    const record = await readDocument(table, documentId);
    if (record?.revision === before?.revision || attempt === lasting) return { story, compared: { record } };
  }
};

const headLine = ({ documentId, entries }: Story, record: StoredRecord | undefined): string => {
  const senderOds = entries[0]?.senderOds ?? record?.senderOds ?? 'unknown';
  return `Document ${documentId}, sender ${senderOds}: ${entries.at(-1)?.state ?? 'no entries'}`;
};

const isId = (name: string): boolean => z.uuid().safeParse(name).success;

/** The document's id, and the bucket to read; or what is to be said instead. */
const whatToRead = async (
  name: string,
  { archive }: CommandOptions,
  context: CommandContext,
): Promise<{ readonly documentId: DocumentId; readonly bucket: string } | CommandResult> => {
  if (typeof archive === 'string') {
    return isId(name)
      ? { documentId: name.toLowerCase() as DocumentId, bucket: archive }
      : misused('From an archive alone a document is named by its id, as its receipt has it.');
  }
  const bucket = context.archiveBucket ?? (await readDeployment(context.table))?.archiveBucket;
  if (bucket === undefined) {
    return refused(
      'Where the archive is, is not known here yet: watch says so within a minute of the deployment. Or name its bucket: --archive.',
    );
  }
  const found = await findDocument(context, name);
  if (found) return { documentId: found.documentId, bucket };
  return isId(name)
    ? { documentId: name.toLowerCase() as DocumentId, bucket }
    : refused(`There is no document ${name}.`);
};

/** How the two agree, as far as both were asked. */
const verdict = ({ story, compared }: Told) => {
  const { differences, waiting } = compared ? compareStory(story, compared.record) : { differences: [], waiting: [] };
  const wrong = [...story.problems, ...differences];
  const asked = compared ? 'The archive and the record' : 'The archive, which alone was asked,';
  const lines = [
    ...(waiting.length > 0
      ? [`${waiting.length} of its changes wait on the record to be written to the archive.`]
      : []),
    ...(wrong.length > 0
      ? [
          compared
            ? `The archive and the record do not agree (${wrong.length}):`
            : `The archive is not whole (${wrong.length}):`,
          ...wrong.map((each) => `  ${each}`),
        ]
      : [`${asked} ${compared ? 'agree' : 'is whole'}: ${story.entries.length} entries, none missing.`]),
  ];
  return { lines, wrong, differences, waiting };
};

/** What waits on the record, as it will stand in the archive. */
const audited = (record: StoredRecord | undefined, waiting: readonly AuditEntry[]): readonly DocumentAudit[] =>
  record
    ? waiting.map((entry) => ({
        schema: auditSchema,
        documentId: record.documentId,
        senderOds: record.senderOds,
        ...entry,
      }))
    : [];

/**
 * `operate story`: what the archive alone tells of one document, and whether the record says the same. Needs no right to
 * read messages, unless their bytes are to be compared.
 */
export const tellStory = async (
  name: string,
  options: CommandOptions,
  context: CommandContext,
): Promise<CommandResult> => {
  if (!context.objects) return refused('The archive cannot be reached from here.');
  const wanted = await whatToRead(name, options, context);
  if ('ok' in wanted) return wanted;
  const { documentId, bucket } = wanted;
  const archive = context.objects(bucket);
  const how = { bytes: options.bytes === true };
  const told: Told =
    typeof options.archive === 'string'
      ? { story: await readStory(archive, documentId, how) }
      : await readBoth(archive, context, documentId, how);
  const { story, compared } = told;
  if (!compared?.record && story.entries.length === 0 && story.problems.length === 0) {
    return refused(
      `There is no document ${documentId}: ${compared ? 'neither a record nor an entry in the archive' : 'the archive has no entry of it'}.`,
    );
  }
  const { lines, wrong, differences, waiting } = verdict(told);
  if (options.fhir === true) {
    const bundle = auditBundleOf([...story.entries, ...audited(compared?.record, waiting), ...story.views]);
    if (wrong.length === 0) return succeeded([JSON.stringify(bundle, undefined, 2)], bundle);
    return { ok: false, lines: [...lines, 'What there is of it stands in the data of --json.'], data: bundle };
  }
  const { facts, ...rest } = story;
  return {
    ok: wrong.length === 0,
    lines: [
      headLine(story, compared?.record),
      ...story.entries.map(entryLine),
      ...story.views.map(viewLine),
      ...story.kept.map(({ key, size }) => `      kept  ${key} (${size} bytes)`),
      ...lines,
    ],
    data: { ...rest, facts: Object.fromEntries(facts), waiting, differences },
  };
};

export const storyCommands: readonly Command[] = [
  {
    words: 'story',
    takes: ['ID'],
    does: 'what the archive tells of one document, and in what its record differs',
    looks: 'who-and-why',
    notes: [
      'Rebuilt from the archive alone: who submitted it, what was composed, sent, received, viewed and changed.',
      'Ends with 1 where something is missing in the archive or the record says otherwise. That you looked is recorded.',
      'ID as document show takes it; with --archive the document’s id, and nothing is compared.',
    ],
    options: [
      { name: 'archive', form: 'BUCKET', meaning: 'from this bucket alone: the table is not asked' },
      { name: 'bytes', meaning: 'also read what was sent and what came, and compare it byte for byte' },
      { name: 'fhir', meaning: 'as a FHIR (STU3) bundle of AuditEvents instead, if nothing is wrong with it' },
    ],
    examples: [
      "story DOCUMENTID --by 'Ann Bell' --why 'complaint 4711' --table TABLENAME",
      "story DOCUMENTID --archive BUCKETNAME --by 'Ann Bell' --why 'the table is lost'",
      "story DOCUMENTID --fhir --by 'Ann Bell' --why 'access request 12' --table TABLENAME > audit.json",
    ],
    run: ([name = ''], options, context) => tellStory(name, options, context),
  },
];
