import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Caller } from '../callers/authorise.ts';
import { readDocument } from '../delivery/documents.ts';
import { submissionKey } from '../delivery/keys.ts';
import { manifestDifferences, pathsBetween } from '../delivery/manifest-differences.ts';
import { currentComposition } from '../delivery/record.ts';
import { messageSizeProblem } from '../pipeline/compose/message-size.ts';
import { type DocumentId, documentIdOf, type OdsCode } from '../platform/ids.ts';
import { readWhole } from '../platform/objects.ts';
import { change } from '../platform/table.ts';
import { readSender } from '../senders/registry.ts';
import { contentDigest } from '../submission/content-identity.ts';
import { type Manifest, manifestLimit } from '../submission/manifest.ts';
import { attachmentKey, manifestKey, pdfKey, submissionPrefix } from '../submission/object-names.ts';
import { problem } from '../submission/problems.ts';
import { type RequestIds, type RequestOrigin, requestMetadata } from '../submission/request-metadata.ts';
import type { ApiContext } from './context.ts';
import { pdfMediaType } from './create-upload.ts';
import { custody } from './custody.ts';
import { apiProblem, manifestProblem, refusal, refusalIfAny, requestPath } from './problems.ts';
import { readSubmission } from './read-submission.ts';
import type { ApiRequest } from './request.ts';
import { type ApiResponse, answered } from './response.ts';
import type { submissionAnswer } from './schemas.ts';
import {
  decideSubmission,
  indexedSubmission,
  isAbandoned,
  isRegistered,
  type Submission,
  type SubmissionDecision,
} from './submission.ts';
import { type FoundAttachment, lookAtAttachments } from './submitted-attachments.ts';
import { type FoundPdf, lookAtPdf } from './submitted-pdf.ts';

/** A sound submission: a manifest that names its PDF, and the PDF. */
interface Sound {
  readonly documentId: DocumentId;
  readonly senderOds: OdsCode;
  readonly manifest: Manifest;
  /** The manifest as it will lie in the inbox. */
  readonly text: string;
  readonly pdf: FoundPdf;
  readonly attachments: readonly FoundAttachment[];
  readonly contentDigest: string;
  /** The drop's name: another request about the same document never overwrites this one's objects. */
  readonly name: string;
}

const dropName = (documentId: string, requestId: string): string =>
  `${submissionPrefix(documentId)}${createHash('sha256').update(requestId.toLowerCase()).digest('hex').slice(0, 8)}`;

const readSound = async (
  { table, drops, clock, limits }: ApiContext,
  request: ApiRequest,
  odsCode: string,
  { requestId }: RequestIds,
): Promise<{ readonly refused: ApiResponse } | { readonly sound: Sound }> => {
  const reading = readSubmission(request.body, { now: clock.now(), odsCode, ...limits });
  const { manifest, namedSha256: named } = reading;
  const look = reading.pdf && (await lookAtPdf(drops, reading.pdf, { odsCode }));
  const found = look?.found;
  const files = manifest && (await lookAtAttachments(drops, odsCode, manifest.read, reading.attachments));
  const sender = (await readSender(table, odsCode))?.setting;
  const tooLarge =
    sender &&
    messageSizeProblem(manifest?.read, sender, {
      pdf: found?.size ?? 0,
      attachments: files?.found.map(({ size }) => size) ?? [],
    });
  const text = manifest && JSON.stringify({ ...manifest.json, ...(found ? { pdf: { sha256: found.sha256 } } : {}) });
  const problems = [
    ...reading.problems,
    ...(look?.problems ?? []),
    ...(files?.problems ?? []),
    ...(tooLarge ? [manifestProblem(tooLarge)] : []),
    ...(found && named !== undefined && named !== found.sha256
      ? [apiProblem('PDF_DIGEST_DIFFERS', 'manifest.pdf.sha256')]
      : []),
    ...(text !== undefined && Buffer.byteLength(text) > manifestLimit
      ? [manifestProblem(problem('MANIFEST_TOO_LARGE', 'manifest'))]
      : []),
  ];
  const refused = refusalIfAny(problems);
  if (refused) return { refused };
  if (!manifest || !found || text === undefined) throw new Error('A submission was neither sound nor refused: a bug.');
  const senderOds = odsCode as OdsCode;
  const documentId = documentIdOf(senderOds, manifest.read.encounterId, manifest.read.version);
  return {
    sound: {
      documentId,
      senderOds,
      manifest: { ...manifest.read, pdf: { sha256: found.sha256 } },
      text,
      pdf: found,
      attachments: files?.found ?? [],
      contentDigest: contentDigest(manifest.read, found.sha256),
      name: dropName(documentId, requestId),
    },
  };
};

/** Decides on what is stored, and writes down what was decided to take before any object is. */
const claim = async (context: ApiContext, sound: Sound, ids: RequestIds): Promise<SubmissionDecision> => {
  const { table, clock } = context;
  const { documentId, senderOds, manifest } = sound;
  const record = await readDocument(table, documentId);
  return change<Submission, SubmissionDecision>(table, submissionKey(documentId), (submission) => {
    const now = clock.now();
    const decided = decideSubmission({ record, submission }, sound, now);
    if (decided.kind !== 'take') return { kind: 'keep', result: decided };
    const item: Submission = {
      documentId,
      senderOds,
      encounterId: manifest.encounterId,
      version: manifest.version,
      contentDigest: sound.contentDigest,
      name: decided.name,
      begunAt: now,
      ...ids,
    };
    return { kind: 'put', item, indexed: indexedSubmission(item, now), result: decided };
  });
};

/** The manifest last: with it the drop is whole. Enters where every drop enters. */
const store = async (
  { drops }: ApiContext,
  sound: Sound,
  name: string,
  origin: RequestOrigin,
): Promise<'stored' | 'gone'> => {
  const { pdf, attachments, senderOds } = sound;
  const put = async (file: FoundPdf, key: string, contentType: string): Promise<boolean> =>
    file.kind === 'inline'
      ? (await drops.put(key, file.bytes, { contentType })) === 'written'
      : (await drops.copyWithin(file.key, key, file.etag)) === 'written';
  for (const file of attachments) {
    if (!(await put(file, attachmentKey(senderOds, name, file.name), file.contentType))) return 'gone';
  }
  if (!(await put(pdf, pdfKey(senderOds, name), pdfMediaType))) return 'gone';
  await drops.put(manifestKey(senderOds, name), sound.text, { metadata: requestMetadata(origin) });
  return 'stored';
};

const markTaken = ({ table, clock }: ApiContext, { documentId, contentDigest: digest }: Sound): Promise<undefined> =>
  change<Submission, undefined>(table, submissionKey(documentId), (stored) => {
    if (!stored || stored.contentDigest !== digest) return { kind: 'keep', result: undefined };
    const now = clock.now();
    const item: Submission = { ...stored, takenAt: stored.takenAt ?? now };
    return { kind: 'put', item, indexed: indexedSubmission(item, now), result: undefined };
  });

/** A function that died between storing a drop and saying so has taken custody all the same: the drop is whole. */
const settleAbandoned = async (
  { table, drops, clock }: ApiContext,
  { documentId, senderOds }: Sound,
): Promise<void> => {
  const standing = await table.read<Submission>(submissionKey(documentId));
  if (!standing || !isAbandoned(standing, clock.now())) return;
  if (!(await drops.head(manifestKey(senderOds, standing.name)))) return;
  await change<Submission, undefined>(table, submissionKey(documentId), (stored) => {
    if (!stored || stored.name !== standing.name || stored.begunAt !== standing.begunAt) {
      return { kind: 'keep', result: undefined };
    }
    const now = clock.now();
    const item: Submission = { ...stored, takenAt: stored.takenAt ?? now };
    return { kind: 'put', item, indexed: indexedSubmission(item, now), result: undefined };
  });
};

/**
 * Where this differs from what is known: from the drop that this API made, while it lies in the inbox, or from what was
 * composed. What somebody else dropped is not the API's to read: until it is composed, all that is said is `manifest`.
 */
const differing = async ({ table, drops, messages }: ApiContext, sound: Sound): Promise<readonly string[]> => {
  const { documentId, senderOds, manifest } = sound;
  const record = await readDocument(table, documentId);
  const submission = await table.read<Submission>(submissionKey(documentId));
  const standing = record && currentComposition(record).source.contentDigest;
  if (submission && (!isRegistered(submission, record) || submission.contentDigest === standing)) {
    const stored = await readWhole(drops, manifestKey(senderOds, submission.name), manifestLimit);
    if (stored && stored !== 'too-large') return pathsBetween(stored.bytes, manifest);
  }
  return record ? manifestDifferences({ messages }, record, manifest) : ['manifest'];
};

/** Takes a document over; it goes the way of every drop. 202 means custody, not delivery. */
export const submitDocument = async (
  context: ApiContext,
  request: ApiRequest,
  { odsCode, clientId }: Caller,
  ids: RequestIds,
): Promise<ApiResponse> => {
  const read = await readSound(context, request, odsCode, ids);
  if ('refused' in read) return read.refused;
  const { sound } = read;
  const { documentId } = sound;
  const accepted = (answer: Omit<z.output<typeof submissionAnswer>, 'documentId'>) =>
    answered(
      202,
      { documentId, ...answer },
      {
        documentId,
        headers: { Location: `${request.calledPath.replace(/\/+$/, '')}/${documentId}` },
      },
    );
  await settleAbandoned(context, sound);
  const decided = await claim(context, sound, ids);
  switch (decided.kind) {
    case 'take':
      if ((await store(context, sound, decided.name, { ...ids, clientId })) === 'gone') {
        return refusal([apiProblem('UPLOAD_NOT_FOUND', 'upload.uploadId')], { documentId });
      }
      await markTaken(context, sound);
      context.measure.count('SubmissionsTaken');
      return accepted({ state: 'RECEIVED', custody: custody.taken });
    case 'known':
      context.measure.count('SubmissionsRepeated');
      return accepted({ state: decided.state, custody: custody.known });
    case 'differs': {
      const paths = await differing(context, sound);
      return refusal([apiProblem('CONTENT_DIFFERS', paths.slice(0, 50).map(requestPath))], { documentId });
    }
    case 'under-way':
      return refusal([apiProblem('SUBMISSION_UNDER_WAY')], { documentId, headers: { 'Retry-After': '60' } });
  }
};
