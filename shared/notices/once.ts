import { uuidV5 } from '../platform/ids.ts';

/**
 * What was handed over and not taken. It has no end and nobody records what was done about it: it is told once, to those who
 * are told of documents.
 */
export const onceCodes = ['DROP_REFUSED', 'NAME_REFUSED', 'ATTACHMENTS_REJECTED'] as const;
export type OnceCode = (typeof onceCodes)[number];

/** Of what never became a document: an uploader that goes wrong makes thousands. */
export type LooseCode = Exclude<OnceCode, 'DROP_REFUSED'>;
export const isLooseCode = (code: string): code is LooseCode =>
  code !== 'DROP_REFUSED' && (onceCodes as readonly string[]).includes(code);

/** In words; whose move it is, is always the sender's. */
export const onceWords: Readonly<Record<OnceCode, { readonly what: string; readonly todo: string }>> = {
  DROP_REFUSED: {
    what: 'Other content was handed over under a version that was handed over before, perhaps as a correction. It was not taken: nothing of it was sent, and the document that stands is as it was.',
    todo: 'If the report has changed, hand it over again with the next version number. If not, nothing is to be done: the document that stands goes its way.',
  },
  NAME_REFUSED: {
    what: 'Objects were put into the inbox under names that cannot be used. Nothing of them was sent; they lie there until you delete them.',
    todo: 'Hand each report over again under a name that can be used, and delete the object. Its receipt says what is wrong with the name.',
  },
  ATTACHMENTS_REJECTED: {
    what: 'Attachments came that no manifest names. Nothing of them was sent; after an hour they were taken out of the inbox.',
    todo: 'If they belong to a report, hand over all of its files again, with a manifest that names them.',
  },
};

/** A notice of what is no document. Structurally a `Notice`. */
export interface LooseNotice {
  readonly id: string;
  readonly kind: 'once';
  /** The key of its receipt, which may hold what the sender chose: for the table, not for the e-mail. */
  readonly about: string;
  readonly code: LooseCode;
  readonly since: number;
  readonly at: number;
}

/** Its own namespace. Never changes. */
const namespace = '5d1f6f4a-8b0e-5c0c-9a53-2e8f0f6f7b42';

/** `what`: what makes it this one and no other, however often it is found. */
export const looseNotice = (
  code: LooseCode,
  { receipt, what, since, at }: { readonly receipt: string; readonly what: string; since: number; at: number },
): LooseNotice => ({
  id: uuidV5(namespace, JSON.stringify([code, what])),
  kind: 'once',
  about: receipt,
  code,
  since,
  at,
});
