import type { StoredRecord } from '../../delivery/documents.ts';
import type { PersonEvent } from '../../delivery/events.ts';
import type { PersonRefusal } from '../../delivery/person-refusal.ts';
import type { DocumentRecord } from '../../delivery/record.ts';
import type { CommandContext } from '../command.ts';
import type { Who } from '../who.ts';

/** What asking for it comes to before `reduce` is asked: the event, or why there is none. */
export type Asked =
  | { readonly kind: 'event'; readonly event: PersonEvent }
  | { readonly kind: 'refused'; readonly lines: readonly string[] };

/** Why nothing is done. `settled`: it is so already, and who saw to it is told. */
export interface Refusal {
  readonly settled?: true;
  readonly lines: readonly string[];
}

/**
 * Something that a person does to a document. What would happen is found by the same `reduce` that makes it happen, so
 * what is shown before is what is done after. Words are plain sentences, without patient data.
 */
export interface DocumentAction {
  /** As it stands on lists: `resend`, `release doubt`. */
  readonly name: string;
  /** As it is typed, without the document: `release --reason doubt`. */
  readonly typed: string;
  /** What the document then is: `is held`. */
  readonly done: string;
  /** It is handed to MESH after it, if nothing holds it. */
  readonly sends?: true;
  /** As what it stands in a document's history. */
  readonly history: readonly string[];
  readonly event: (record: StoredRecord, who: Who, context: CommandContext) => Asked | Promise<Asked>;
  /** What exactly happens, given the record as it stands and as it will. */
  readonly foretell: (before: DocumentRecord, after: DocumentRecord) => readonly string[];
  readonly refusal: (record: DocumentRecord, why: PersonRefusal) => Refusal;
}

export const event = (asked: PersonEvent): Asked => ({ kind: 'event', event: asked });
