import { z } from 'zod';
import { applyEvent, readDocument } from '../../delivery/documents.ts';
import { isHeldFor } from '../../delivery/holds.ts';
import { currentComposition } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { hours, isoTime, minutes } from '../../platform/clock.ts';
import type { DocumentId } from '../../platform/ids.ts';
import { type Command, type CommandContext, type CommandResult, misused, refused, succeeded } from '../command.ts';
import { problemLines, whoFields, whoOptions } from '../who.ts';

/** What `release` is told beside the document's id. */
export interface ReleaseOptions {
  readonly reason?: string | boolean | undefined;
  readonly by?: string | boolean | undefined;
  readonly why?: string | boolean | undefined;
}

const request = z.object({
  documentId: z.uuid('must be a document’s id, as its receipt names it'),
  reason: z.literal('other-patient', 'must be other-patient: nothing else can be released'),
  ...whoFields,
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
  const read = request.safeParse({ documentId: id, ...options });
  if (!read.success) {
    return misused(
      'Nothing was released; put these right:',
      ...problemLines(read.error, { documentId: 'DOCUMENT_ID' }),
    );
  }
  const { reason, by, why } = read.data;
  const documentId = read.data.documentId as DocumentId;
  const applied = await applyEvent({ table, clock, settings }, documentId, { kind: 'released', reason, by, why });
  const record = applied.record ?? (await readDocument(table, documentId));
  if (!record) return refused(`There is no document ${documentId}.`);
  if (applied.kind === 'changed') {
    const others = record.holds.map((hold) => hold.reason).join(', ');
    return succeeded(
      [
        `Document ${documentId} is released. By ${by}: ${why}`,
        'You have said that PDF and manifest are right, although the PDF holds the NHS number of another patient and not that of the manifest.',
        others === ''
          ? 'Its message is composed and sent; it begins within about two minutes.'
          : `It is still held for another reason: ${others}.`,
      ],
      { documentId, state: stateOf(record) },
    );
  }
  const released = currentComposition(record).otherPatientReleased;
  const state = stateOf(record);
  if (released && !isHeldFor(record, reason)) {
    return succeeded(
      [
        `Document ${documentId} was released before, at ${isoTime(released.at)}. By ${released.by}: ${released.why}`,
        `It is ${state} now; nothing was changed.`,
      ],
      { documentId, state: stateOf(record) },
    );
  }
  return refused(`Document ${documentId} is not held for ${reason}: it is ${state}. Nothing was changed.`);
};

export const releaseCommands: readonly Command[] = [
  {
    words: 'release',
    takes: ['DOCUMENT_ID'],
    does: 'let a document go on that is held because its PDF names another patient',
    notes: ['Doing it again changes nothing, and says who released it.'],
    options: [{ name: 'reason', form: 'other-patient', meaning: 'what it is held for' }, ...whoOptions],
    examples: [
      "release DOCUMENTID --reason other-patient --by 'Ann Bell' --why 'sender confirms both' --table TABLENAME",
    ],
    run: ([id = ''], options, context) => releaseDocument(id, options, context),
  },
];
