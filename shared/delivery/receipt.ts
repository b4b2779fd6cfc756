import { isoTime } from '../platform/clock.ts';
import { receiptsPrefix } from '../platform/names.ts';
import { type Attention, attentionOf } from './attention.ts';
import type { StoredRecord } from './documents.ts';
import { type PatientFinding, patientCheckWords } from './patient-check.ts';
import { currentComposition, type DocumentRecord, type RecordedProblem, type Resolution } from './record.ts';
import { stateOf } from './state-of.ts';
import { type Mover, meanings, type State } from './states.ts';
import { type Warning, warningsOf } from './warnings.ts';
import { awaitsNamedFiles, whoseMove } from './whose-move.ts';
import { type WayIn, wordings } from './wording.ts';

/**
 * What an organisation that only knows S3 sees: `receipts/{ods}/{name}.json`. Holds no patient data and no value of
 * the manifest, only paths in it, but for the ODS code of another practice that must be told (`warnings`).
 */
export interface Receipt {
  readonly kind: 'send-document-receipt';
  readonly schemaVersion: 1;
  readonly odsCode: string;
  /** The drop's name; absent where it could not be shown. */
  readonly name?: string;
  /** Null while the drop is not yet a document. */
  readonly documentId: string | null;
  readonly encounterId?: string;
  readonly version?: number;
  /** Rises with every change of the document; a receipt never goes back. */
  readonly revision: number;
  readonly receivedAt: string;
  /** When it was last dropped under this name: whatever was dropped later takes the name over. */
  readonly droppedAt: string;
  readonly updatedAt: string;
  readonly state: State | DropState;
  /** The same in every receipt, so that nobody takes ACCEPTED for more than it is. */
  readonly whatAcceptedMeans: string;
  readonly meaning: string;
  readonly whoseMove: Mover;
  /** What to do, where there is something to do. */
  readonly advice?: string;
  readonly problems?: readonly RecordedProblem[];
  /** Where the drop under this name was refused: how the document that stands goes on, which it did not change. */
  readonly document?: { readonly state: State; readonly meaning: string; readonly whoseMove: Mover };
  /** What needs a person, most pressing first: what is wrong, since when, whose move it is, what to do. */
  readonly attention?: readonly (Omit<Attention, 'since'> & { readonly since: string })[];
  /** What people did about it. */
  readonly resolutions?: readonly (Omit<Resolution, 'at' | 'of'> & { readonly at: string })[];
  /** What somebody should know beside the state: what other versions of the encounter mean, that it came late. */
  readonly warnings?: readonly Warning[];
  /** The practice that MESH chose, by the national record; absent until MESH has said so. */
  readonly routedTo?: {
    readonly mailboxId: string;
    readonly odsCode?: string;
    readonly organisation?: string;
    readonly at: string;
  };
  /** The practice may hold two copies. */
  readonly possibleDuplicate?: true;
  /** Whether the PDF names the manifest's patient, where it was looked at. */
  readonly patientCheck?: { readonly outcome: PatientFinding['outcome']; readonly meaning: string };
  readonly overdueSince?: string;
  readonly held?: readonly { readonly reason: string; readonly why: string; readonly at: string }[];
  readonly history: readonly {
    readonly at: string;
    readonly what: string;
    readonly detail?: string;
    readonly times?: number;
  }[];
}

/** Of a drop that is no document of its own: not yet, or never. */
export type DropState = WaitingState | 'DROP_REFUSED';

/** Before a drop is a document. */
export type WaitingState =
  | 'WAITING_FOR_PDF'
  | 'WAITING_FOR_MANIFEST'
  | 'SENDER_NOT_REGISTERED'
  | 'SENDER_NOT_ACTIVE'
  | 'WAITING_FOR_MAILBOX';

const waitingTexts: Readonly<Record<WaitingState, { meaning: string; whoseMove: Mover; advice: string }>> = {
  WAITING_FOR_PDF: {
    meaning: 'The manifest is here, its PDF is not.',
    whoseMove: 'the sender',
    advice: 'Put the PDF beside it under the same name, ending .pdf. An hour after the manifest came it is rejected.',
  },
  WAITING_FOR_MANIFEST: {
    meaning: 'The PDF or an attachment is here, the manifest is not.',
    whoseMove: 'the sender',
    advice:
      'Put the manifest there under the same name, ending .json. An hour after the first file came it is rejected.',
  },
  SENDER_NOT_REGISTERED: {
    meaning: 'No sending organisation is registered under this prefix. Nothing has been sent; the drop is kept.',
    whoseMove: 'the sender',
    advice:
      'Check the prefix. If it is right, ask the operators of this system to register the organisation: the drop then goes by itself.',
  },
  SENDER_NOT_ACTIVE: {
    meaning: 'The organisation is registered here and not active. Nothing has been sent; the drop is kept.',
    whoseMove: 'this system',
    advice:
      'The operators must activate the organisation, for which it needs an e-mail address for notices. The drop then goes by itself.',
  },
  WAITING_FOR_MAILBOX: {
    meaning: "The organisation's MESH mailbox is not set up here. Nothing has been sent; the drop is kept.",
    whoseMove: 'this system',
    advice: 'Nothing for the sender to do: the operators must register the mailbox.',
  },
};

export const whatAcceptedMeans =
  "ACCEPTED means that the practice's system has matched the patient. It does not mean that anybody has read the document.";

export const receiptObject = (odsCode: string, name: string): string => `${receiptsPrefix}${odsCode}/${name}.json`;

export const waitingReceipt = (
  drop: { readonly odsCode: string; readonly name: string },
  state: WaitingState,
  since: number,
  now: number,
): Receipt => ({
  kind: 'send-document-receipt',
  schemaVersion: 1,
  odsCode: drop.odsCode,
  name: drop.name,
  documentId: null,
  revision: 0,
  receivedAt: isoTime(since),
  droppedAt: isoTime(since),
  updatedAt: isoTime(now),
  state,
  whatAcceptedMeans,
  ...waitingTexts[state],
  history: [{ at: isoTime(since), what: 'waiting' }],
});

const suppressionAdvice = {
  confidential:
    'The consultation is marked confidential, so nothing of it was sent. Where the practice must know, tell it another way.',
  'registered-here': 'The patient is registered with your own organisation, so there is nobody to send the report to.',
} as const;

/** What to do: about what needs a person first, or what it waits for. */
const adviceOf = (record: StoredRecord, way: WayIn, [pressing]: readonly Attention[]): string | undefined => {
  const composition = currentComposition(record);
  if (pressing) return pressing.todo;
  const [hold] = record.holds;
  if (hold) return hold.why;
  switch (stateOf(record)) {
    case 'SUPPRESSED':
      return composition.suppression && suppressionAdvice[composition.suppression.why];
    case 'CANCELLED':
      return wordings[way].cancelled;
    case 'RECEIVED':
      return awaitsNamedFiles(record)
        ? wordings[way].namedFilesMissing(composition.awaitingFiles?.paths ?? [])
        : undefined;
    case 'COMPOSED':
      return composition.waiting && `Waits: ${composition.waiting.why}`;
    default:
      return undefined;
  }
};

/** The receipt of one of the document's drops. A drop that was refused says so first, whatever the document became. */
export const receiptOf = (record: StoredRecord, drop: DocumentRecord['drops'][number], now: number): Receipt => {
  const receipt = documentReceipt(record, drop, now, 'drop');
  const refusal = record.refusals?.find((one) => one.name === drop.name);
  if (!refusal) return receipt;
  const state = stateOf(record);
  const { problems: _, ...rest } = receipt;
  return {
    ...rest,
    state: 'DROP_REFUSED',
    meaning: 'This drop was not taken: the same version of the same encounter was dropped before with other content.',
    whoseMove: 'the sender',
    advice: wordings.drop.otherContent,
    problems: refusal.problems,
    document: { state, meaning: meanings[state].meaning, whoseMove: whoseMove(record) },
  };
};

/** A hold says more than the state in which it holds. */
const heldWhat = (attention: readonly Attention[]): string | undefined =>
  attention.find(({ code }) => code === 'HELD_OTHER_PATIENT')?.what;

/** How the document itself stands, in the words of one way in. */
export const documentReceipt = (
  record: StoredRecord,
  { name, at }: DocumentRecord['drops'][number],
  now: number,
  way: WayIn,
): Receipt => {
  const composition = currentComposition(record);
  const state = stateOf(record);
  const attention = attentionOf(record, way);
  const advice = adviceOf(record, way, attention);
  const warnings = warningsOf(record);
  const { patientCheck, routed } = composition;
  return {
    kind: 'send-document-receipt',
    schemaVersion: 1,
    odsCode: record.senderOds,
    name,
    documentId: record.documentId,
    ...(record.encounterId === undefined ? {} : { encounterId: record.encounterId }),
    ...(record.version === undefined ? {} : { version: record.version }),
    revision: record.revision,
    receivedAt: isoTime(record.receivedAt),
    droppedAt: isoTime(at),
    updatedAt: isoTime(now),
    state,
    whatAcceptedMeans,
    meaning: awaitsNamedFiles(record)
      ? 'The manifest is here; not every file that it names is.'
      : (heldWhat(attention) ?? meanings[state].meaning),
    whoseMove: whoseMove(record),
    ...(advice === undefined ? {} : { advice }),
    ...(composition.rejection ? { problems: composition.rejection.problems } : {}),
    ...(attention.length === 0 ? {} : { attention: attention.map((one) => ({ ...one, since: isoTime(one.since) })) }),
    ...(record.resolutions === undefined
      ? {}
      : {
          resolutions: record.resolutions.map(({ at, by, route, note }) => ({
            at: isoTime(at),
            by,
            route,
            ...(note === undefined ? {} : { note }),
          })),
        }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(routed === undefined ? {} : { routedTo: { ...routed, at: isoTime(routed.at) } }),
    ...(composition.possibleDuplicate ? { possibleDuplicate: true as const } : {}),
    ...(patientCheck === undefined
      ? {}
      : {
          patientCheck: {
            outcome: patientCheck.outcome,
            meaning: patientCheckWords(patientCheck, composition.otherPatientReleased),
          },
        }),
    ...(record.overdueSince === undefined ? {} : { overdueSince: isoTime(record.overdueSince) }),
    ...(record.holds.length === 0
      ? {}
      : { held: record.holds.map(({ reason, why, at }) => ({ reason, why, at: isoTime(at) })) }),
    history: record.history.map(({ at, what, detail, times }) => ({
      at: isoTime(at),
      what: wordings[way].history[what] ?? what,
      ...(detail === undefined ? {} : { detail }),
      ...(times === undefined ? {} : { times }),
    })),
  };
};

/** May `mine` take the place of the receipt that lies there? A document never goes back, a name goes to the latest. */
export const replacesReceipt = (
  there: Pick<Receipt, 'documentId' | 'revision' | 'droppedAt'>,
  mine: Receipt,
): boolean =>
  there.documentId === mine.documentId
    ? mine.documentId === null || mine.revision > there.revision
    : mine.droppedAt >= there.droppedAt;
