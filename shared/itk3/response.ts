import { gunzipSync } from 'node:zlib';
import { events, systems, unreadableOriginal } from './fixed-values.ts';
import { type Polarity, type ResponseLevel, responseCode } from './response-codes.ts';
import {
  child,
  childrenOf,
  descendants,
  readXml,
  type UnreadableReason,
  valueAt,
  type XmlElement,
} from './xml-tree.ts';

/** Reading what a practice answers. Lenient in everything but size and document type declarations. */

export interface AnsweredCode {
  readonly code: string;
  readonly display?: string | undefined;
  /** Free text of the practice, at most 1000 characters of it: may hold patient data, never for a log. */
  readonly diagnostics?: string | undefined;
}

export interface ItkResponse {
  readonly kind: 'response';
  readonly event: string;
  /**
   * The MessageHeader.id that this answers, trimmed, lower case, without `urn:uuid:`. Absent when the answer names
   * none, or says that it could not be read in the original.
   */
  readonly inResponseTo?: string | undefined;
  /** In document order; empty when the answer holds none, which is negative. At most 20. */
  readonly codes: readonly AnsweredCode[];
  /** The code that decides level and polarity: the first negative one, else the one of the highest level. */
  readonly decisive?: string | undefined;
  readonly level: ResponseLevel;
  readonly polarity: Polarity;
  readonly senderReference?: string | undefined;
  readonly responderOds?: string | undefined;
  readonly infAckRequested?: boolean | undefined;
  /** The answer's own id, as written: what an acknowledgement of it answers. */
  readonly messageHeaderId?: string | undefined;
  /** As written; nothing that is no time. */
  readonly timestamp?: string | undefined;
}

export type ResponseReading =
  | ItkResponse
  | { readonly kind: 'not-a-response'; readonly event?: string | undefined }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason | 'wrongly compressed' };

const maxBytes = 10_000_000;
/** A response has about fifty: more is no answer of a practice, and its tree would fill the memory. */
const maxElements = 10_000;
const maxCodes = 20;
const maxText = 1000;
const maxId = 200;

const normalisedId = (id: string | undefined): string | undefined => {
  const bare = id
    ?.trim()
    .toLowerCase()
    .replace(/^urn:uuid:/, '')
    .slice(0, maxId);
  return bare === '' || bare === unreadableOriginal.toLowerCase() ? undefined : bare;
};

/** The value of a sub-extension of the handling extension, whatever its type. */
const handlingValue = (header: XmlElement, url: string): string | undefined => {
  const part = descendants(header, 'extension').find((e) => e.attributes.get('url')?.trim() === url);
  return valueAt(part?.children.find((c) => c.name.startsWith('value')));
};

const codesOf = (root: XmlElement): AnsweredCode[] =>
  descendants(root, 'OperationOutcome')
    .flatMap((outcome) => childrenOf(outcome, 'issue'))
    .flatMap((issue) => {
      const codings = childrenOf(child(issue, 'details'), 'coding');
      const ours = codings.filter((coding) => valueAt(coding, 'system') === systems.responseCodes);
      const diagnostics = valueAt(issue, 'diagnostics')?.slice(0, maxText);
      return (ours.length > 0 ? ours : codings).flatMap((coding) => {
        const code = valueAt(coding, 'code')?.slice(0, maxId);
        const display = valueAt(coding, 'display')?.slice(0, maxText);
        return code === undefined ? [] : [{ code, display, diagnostics }];
      });
    })
    .slice(0, maxCodes);

/** At most one code is usual; with several, bad news decides, then the answer about the patient. */
const decisiveOf = (codes: readonly AnsweredCode[]) => {
  const rows = codes.map(({ code }) => responseCode(code));
  return rows.find((row) => row.polarity === 'negative') ?? rows.find((row) => row.level === 'business') ?? rows[0];
};

/** As organisations' codes are formed: whatever else stands there could be anything, and would go into records. */
const odsOf = (root: XmlElement): string | undefined =>
  descendants(root, 'Organization')
    .flatMap((organization) => childrenOf(organization, 'identifier'))
    .filter((identifier) => valueAt(identifier, 'system') === systems.odsCode)
    .map((identifier) => valueAt(identifier, 'value')?.toUpperCase())
    .find((value) => value !== undefined && /^(?=.*[A-Z])[A-Z0-9]{3,10}$/.test(value));

const timeOf = (text: string | undefined): string | undefined =>
  text !== undefined && /^\d{4}-\d\d-\d\d(T[0-9:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(text) ? text.slice(0, maxId) : undefined;

const isGzip = ([first, second]: Uint8Array): boolean => first === 0x1f && second === 0x8b;

/** `Mex-Content-Compressed`: what MESH hands over may have been compressed by its sender. */
const uncompressed = (bytes: Uint8Array): Uint8Array | undefined => {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
};

/** The header that says what it is; the event of later FHIR versions is read too. */
const eventOf = (header: XmlElement): string | undefined =>
  (valueAt(header, 'event', 'code') ?? valueAt(header, 'eventCoding', 'code'))?.slice(0, maxId);

/** A header without an event that answers something can be nothing else. */
const isResponse = (header: XmlElement): boolean => {
  const event = eventOf(header);
  return event === undefined ? child(header, 'response') !== undefined : event.toUpperCase() === events.response.code;
};

/** Reads the bytes of an inbox message as an ITK response (event ITK008M). Never throws for what the bytes are. */
export const readResponse = (bytes: Uint8Array): ResponseReading => {
  const plain = uncompressed(bytes);
  if (!plain) return { kind: 'unreadable', reason: 'wrongly compressed' };
  const reading = readXml(plain, { maxBytes, maxElements });
  if (reading.kind === 'unreadable') return reading;
  const { root } = reading;
  const headers = descendants(root, 'MessageHeader');
  const header = headers.find(isResponse);
  if (!header) {
    const event = headers[0] && eventOf(headers[0]);
    return { kind: 'not-a-response', ...(event === undefined ? {} : { event }) };
  }

  const codes = codesOf(root);
  const decisive = decisiveOf(codes);
  const infAck = handlingValue(header, 'InfAckRequested');
  const answered = valueAt(header, 'response', 'identifier') ?? valueAt(header, 'response', 'identifier', 'value');
  return {
    kind: 'response',
    event: events.response.code,
    inResponseTo: normalisedId(answered),
    codes,
    decisive: decisive?.code,
    level: decisive?.level ?? 'unknown',
    polarity: decisive?.polarity ?? 'negative',
    senderReference: handlingValue(header, 'SenderReference')?.slice(0, maxText),
    responderOds: odsOf(root),
    infAckRequested: infAck === undefined ? undefined : infAck.toLowerCase() === 'true' || infAck === '1',
    messageHeaderId: valueAt(header, 'id')?.slice(0, maxId),
    timestamp: timeOf(valueAt(header, 'timestamp')),
  };
};
