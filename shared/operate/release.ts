import { z } from 'zod';
import { applyEvent, readDocument } from '../delivery/documents.ts';
import { isHeldFor } from '../delivery/holds.ts';
import { currentComposition } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import { hours, isoTime, minutes } from '../platform/clock.ts';
import type { DocumentId } from '../platform/ids.ts';
import { holdsNhsNumber } from '../submission/nhs-number.ts';
import type { CommandContext, CommandResult } from './commands.ts';

/** What `release` is told beside the document's id. */
export interface ReleaseOptions {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly why?: string | undefined;
}

// Both stand in the document's history, which its sender reads: nothing about a patient belongs there.
const words = (limit: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(limit)
    .regex(/^[^\p{Cc}]*$/u, 'must be on one line')
    .refine((text) => !holdsNhsNumber(text), 'must not hold an NHS number: the sender reads it');

const request = z.object({
  documentId: z.uuid('must be a document’s id, as its receipt names it'),
  reason: z.literal('other-patient', 'must be other-patient: nothing else can be released'),
  by: words(50),
  why: words(120),
});

/** A released document carries work, so none of these times decides when it is looked at. */
const settings = { doubtWait: minutes(15), giveUpAfter: hours(4) };

/**
 * Lets a document go on that is held because its PDF names another patient. Doing it again changes nothing and says who
 * released it. Only its record is changed: `watch` has it composed within about two minutes.
 */
export const releaseDocument = async (
  id: string,
  options: ReleaseOptions,
  { table, clock }: CommandContext,
): Promise<CommandResult> => {
  const failed = (...lines: string[]): CommandResult => ({ ok: false, lines });
  const read = request.safeParse({ documentId: id, ...options });
  if (!read.success) {
    return failed(
      'Nothing was released; put these right:',
      ...read.error.issues.map(({ path, message }) => {
        const name = path.join('.');
        return `  ${name === 'documentId' ? 'DOCUMENT_ID' : `--${name}`}: ${message}`;
      }),
    );
  }
  const { reason, by, why } = read.data;
  const documentId = read.data.documentId as DocumentId;
  const applied = await applyEvent({ table, clock, settings }, documentId, { kind: 'released', reason, by, why });
  const record = applied.record ?? (await readDocument(table, documentId));
  if (!record) return failed(`There is no document ${documentId}.`);
  if (applied.kind === 'changed') {
    const others = record.holds.map((hold) => hold.reason).join(', ');
    return {
      ok: true,
      lines: [
        `Document ${documentId} is released. By ${by}: ${why}`,
        'You have said that PDF and manifest are right, although the PDF holds the NHS number of another patient and not that of the manifest.',
        others === ''
          ? 'Its message is composed and sent; it begins within about two minutes.'
          : `It is still held for another reason: ${others}.`,
      ],
    };
  }
  const released = currentComposition(record).otherPatientReleased;
  const state = stateOf(record);
  if (released && !isHeldFor(record, reason)) {
    return {
      ok: true,
      lines: [
        `Document ${documentId} was released before, at ${isoTime(released.at)}. By ${released.by}: ${released.why}`,
        `It is ${state} now; nothing was changed.`,
      ],
    };
  }
  return failed(`Document ${documentId} is not held for ${reason}: it is ${state}. Nothing was changed.`);
};
