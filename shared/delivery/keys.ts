import { receivedPrefix, sentPrefix } from '../platform/names.ts';

/** The one table's keys (DESIGN 3, One table). */
export const documentKey = (documentId: string): string => `DOC#${documentId}`;
export const encounterKey = (odsCode: string, encounterId: string): string => `ENCOUNTER#${odsCode}#${encounterId}`;
export const dropKey = (odsCode: string, name: string): string => `DROP#${odsCode}/${name}`;
export const headerKey = (messageHeaderId: string): string => `HEADER#${messageHeaderId.toLowerCase()}`;
export const meshKey = (meshMessageId: string): string => `MESH#${meshMessageId}`;
export const parkedKey = (meshMessageId: string): string => `PARKED#${meshMessageId}`;
export const senderKey = (odsCode: string): string => `SENDER#${odsCode}`;
export const mailboxKey = (mailboxId: string): string => `MAILBOX#${mailboxId}`;
/** What is being handed over for a mailbox, and what waits for its turn. */
export const flightKey = (mailboxId: string): string => `FLIGHT#${mailboxId}`;
/** Which mailboxes are registered, so that what looks at all of them need not search. */
export const mailboxesKey = 'MAILBOXES';
/** Which sending organisations are registered. */
export const sendersKey = 'SENDERS';
/** What a sender's or a mailbox's settings were, version by version; the one that stands lies with the sender or mailbox. */
export const senderVersionKey = (odsCode: string, version: number): string => `SENDERVERSION#${odsCode}#${version}`;
export const mailboxVersionKey = (mailboxId: string, version: number): string =>
  `MAILBOXVERSION#${mailboxId}#${version}`;
/** Whether sending and polling are paused for everybody. */
export const pauseKey = 'PAUSE';
/** On the work index while documents are let go whose pause is over. */
export const resumedKey = 'RESUMED#documents';
/** Which stage this is, for whoever has only the table: written by `watch`. */
export const deploymentKey = 'DEPLOYMENT';
/** Who handed messages back from dead-letter queues, last. */
export const redrivesKey = 'REDRIVES';
/** What waits to be told to the people of an organisation, or, of `operators`, to those. */
export const noticesKey = (audience: string): string => `NOTICES#${audience}`;
/** Which addresses of people were confirmed when that was last looked at. */
export const addressesKey = 'ADDRESSES';
/** For which day each digest was given. */
export const digestsKey = 'DIGESTS';
export const quarantineKey = (meshMessageId: string): string => `QUARANTINE#${meshMessageId}`;
export const foreignKey = (mailboxId: string, meshMessageId: string): string => `FOREIGN#${mailboxId}#${meshMessageId}`;
/** The acknowledgement that a practice's response asks for, where a mailbox sends such (`acknowledgeResponses`). */
export const owedKey = (messageHeaderId: string, responseId: string): string =>
  `OWED#${messageHeaderId.toLowerCase()}#${responseId.toLowerCase()}`;
/** Lists of a mailbox on the `byMailbox` index. */
export const trackingList = (mailboxId: string): string => `tracking#${mailboxId}`;
export const owedList = (mailboxId: string): string => `owed#${mailboxId}`;
export const quarantineList = (mailboxId: string): string => `quarantine#${mailboxId}`;
/** Which clients are registered. */
export const clientsKey = 'CLIENTS';
export const clientVersionKey = (clientId: string, version: number): string => `CLIENTVERSION#${clientId}#${version}`;
export const clientKey = (clientId: string): string => `CLIENT#${clientId}`;
/** What the API took and compose has not yet made a record of. */
export const submissionKey = (documentId: string): string => `SUBMISSION#${documentId}`;
export const sweepKey = 'WATCH#sweep';

/** The kind of item behind a key, and the rest of it. */
export const splitKey = (key: string): { kind: string; rest: string } => {
  const at = key.indexOf('#');
  return at < 0 ? { kind: key, rest: '' } : { kind: key.slice(0, at), rest: key.slice(at + 1) };
};

/** Where a composed message lies in the messages bucket. */
export const messageFolder = (documentId: string, composition: number, run: string): string =>
  `messages/${documentId}/${composition}/${run}/`;
export const envelopeObject = (folder: string): string => `${folder}envelope.json`;
export const partObject = (folder: string, part: number): string => `${folder}part-${part}`;
export const manifestObject = (folder: string): string => `${folder}manifest.json`;

/** Where what was sent and received is kept for good: keys end `{sequence}-{kind}`. */
const sequence = (n: number) => String(n).padStart(4, '0');
export const archivedSent = (documentId: string, composition: number, n: number, kind: string): string =>
  `${sentPrefix}${documentId}/${composition}/${sequence(n)}-${kind}`;
export const archivedReceived = (mailboxId: string, meshMessageId: string, n: number, kind: string): string =>
  `${receivedPrefix}${encodeURIComponent(mailboxId)}/${encodeURIComponent(meshMessageId)}/${sequence(n)}-${kind}`;
