import { responseCode } from '../itk3/response-codes.ts';
import { isoTime } from '../platform/clock.ts';
import { receiptsPrefix } from '../platform/names.ts';
import type { StoredRecord } from './documents.ts';
import { currentComposition, type RecordedProblem } from './record.ts';
import { stateOf } from './state-of.ts';
import { type Mover, meanings, type State } from './states.ts';

/**
 * What an organisation that only knows S3 sees: `receipts/{ods}/{name}.json`. Holds no patient data and no value of
 * the manifest, only paths in it.
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
  /** When the document under this name was first received: a later document takes the name over. */
  readonly receivedAt: string;
  readonly updatedAt: string;
  readonly state: State | WaitingState;
  readonly meaning: string;
  readonly whoseMove: Mover;
  /** What to do, where there is something to do. */
  readonly advice?: string;
  readonly problems?: readonly RecordedProblem[];
  /** The practice may hold two copies. */
  readonly possibleDuplicate?: true;
  readonly overdueSince?: string;
  readonly held?: readonly { readonly reason: string; readonly why: string; readonly at: string }[];
  readonly history: readonly {
    readonly at: string;
    readonly what: string;
    readonly detail?: string;
    readonly times?: number;
  }[];
}

/** Before a drop is a document. */
export type WaitingState = 'WAITING_FOR_PDF' | 'WAITING_FOR_MANIFEST' | 'SENDER_NOT_REGISTERED' | 'WAITING_FOR_MAILBOX';

const waitingTexts: Readonly<Record<WaitingState, { meaning: string; whoseMove: Mover; advice: string }>> = {
  WAITING_FOR_PDF: {
    meaning: 'The manifest is here, its PDF is not.',
    whoseMove: 'the sender',
    advice: 'Put the PDF beside it under the same name, ending .pdf. An hour after the manifest came it is rejected.',
  },
  WAITING_FOR_MANIFEST: {
    meaning: 'The PDF is here, its manifest is not.',
    whoseMove: 'the sender',
    advice: 'Put the manifest beside it under the same name, ending .json. An hour after the PDF came it is rejected.',
  },
  SENDER_NOT_REGISTERED: {
    meaning: 'No sending organisation is registered under this prefix. Nothing has been sent; the drop is kept.',
    whoseMove: 'the sender',
    advice:
      'Check the prefix. If it is right, ask the operators of this system to register the organisation: the drop then goes by itself.',
  },
  WAITING_FOR_MAILBOX: {
    meaning: "The organisation's MESH mailbox is not set up here. Nothing has been sent; the drop is kept.",
    whoseMove: 'this system',
    advice: 'Nothing for the sender to do: the operators must register the mailbox.',
  },
};

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
  updatedAt: isoTime(now),
  state,
  ...waitingTexts[state],
  history: [{ at: isoTime(now), what: 'waiting' }],
});

const adviceOf = (record: StoredRecord): string | undefined => {
  const composition = currentComposition(record);
  switch (stateOf(record)) {
    case 'REJECTED':
      return 'Put every problem listed right, then drop the manifest and the PDF again.';
    case 'SEND_FAILED':
      return composition.failure?.advice;
    case 'UNDELIVERED':
      return composition.report?.advice;
    case 'INFRASTRUCTURE_REJECTED':
      return composition.infrastructure && responseCode(composition.infrastructure.code).advice;
    case 'BUSINESS_REJECTED':
      return composition.business && responseCode(composition.business.code).advice;
    case 'ACCEPTED':
      return composition.business?.code === '30004' ? responseCode('30004').advice : undefined;
    case 'RECEIVED':
      return composition.awaitingNamedPdfSince === undefined
        ? undefined
        : 'The PDF is not the one whose SHA-256 the manifest names. Drop the right PDF under the same name within an hour, or drop both again.';
    case 'COMPOSED':
      return composition.waiting && `Waits: ${composition.waiting.why}`;
    default:
      return undefined;
  }
};

export const receiptOf = (record: StoredRecord, name: string, now: number): Receipt => {
  const composition = currentComposition(record);
  const state = stateOf(record);
  const { meaning, whoseMove } = meanings[state];
  const advice = adviceOf(record);
  const namedPdfMissing = state === 'RECEIVED' && composition.awaitingNamedPdfSince !== undefined;
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
    updatedAt: isoTime(now),
    state,
    meaning: namedPdfMissing ? 'The manifest is here; the PDF that it names is not.' : meaning,
    whoseMove: namedPdfMissing || record.holds.length > 0 ? 'the sender' : whoseMove,
    ...(advice === undefined ? {} : { advice }),
    ...(composition.rejection ? { problems: composition.rejection.problems } : {}),
    ...(composition.possibleDuplicate ? { possibleDuplicate: true as const } : {}),
    ...(record.overdueSince === undefined ? {} : { overdueSince: isoTime(record.overdueSince) }),
    ...(record.holds.length === 0
      ? {}
      : { held: record.holds.map(({ reason, why, at }) => ({ reason, why, at: isoTime(at) })) }),
    history: record.history.map(({ at, what, detail, times }) => ({
      at: isoTime(at),
      what,
      ...(detail === undefined ? {} : { detail }),
      ...(times === undefined ? {} : { times }),
    })),
  };
};

/** May `mine` take the place of the receipt that lies there? A document never goes back, a name goes to the latest. */
export const replacesReceipt = (
  there: Pick<Receipt, 'documentId' | 'revision' | 'receivedAt'>,
  mine: Receipt,
): boolean =>
  there.documentId === mine.documentId
    ? mine.documentId === null || mine.revision > there.revision
    : mine.receivedAt >= there.receivedAt;
