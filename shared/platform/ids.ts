import { createHash, randomUUID } from 'node:crypto';

declare const brand: unique symbol;
type Branded<T extends string> = string & { readonly [brand]: T };

/** One version of one encounter's report from one organisation: UUIDv5 over `[senderOds, encounterId, version]`. */
export type DocumentId = Branded<'DocumentId'>;
/** What an acknowledgement answers (`MessageHeader.id`, lower-case UUID). */
export type MessageHeaderId = Branded<'MessageHeaderId'>;
/** What MESH calls a message it accepted: opaque. */
export type MeshMessageId = Branded<'MeshMessageId'>;
/** Upper-case, as MESH registers it. */
export type MailboxId = Branded<'MailboxId'>;
/** An organisation's ODS code, upper-case. */
export type OdsCode = Branded<'OdsCode'>;

/** Where randomness comes from. */
export interface Ids {
  uuid(): string;
}

export const systemIds: Ids = { uuid: () => randomUUID() };

/** RFC 4122 version 5: the same namespace and name give the same UUID, everywhere and always. */
export const uuidV5 = (namespace: string, name: string): string => {
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

/** The project's own namespace: documents and broken drops are named in it. Never changes. */
const documents = '6a1d9c1e-52f3-5c0b-9a55-3c1f0a7e4b21';

/** A document's identity (DESIGN 3, Identity). */
export const documentIdOf = (senderOds: OdsCode, encounterId: string, version: number): DocumentId =>
  uuidV5(documents, JSON.stringify([senderOds, encounterId, version])) as DocumentId;

/** The record of a drop too broken to name its encounter: its key and its content name it. */
export const brokenDropId = (senderOds: OdsCode, name: string, contentDigest: string): DocumentId =>
  uuidV5(documents, JSON.stringify(['drop', senderOds, name, contentDigest])) as DocumentId;
