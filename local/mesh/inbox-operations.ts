import { createHash } from 'node:crypto';
import { statusTimestamp } from './message-ids.ts';
import { empty, invalid, json, type Reply, refusal, type Version } from './replies.ts';
import type { Mailbox } from './routing.ts';
import type { Message, Part, Store } from './store.ts';

export interface InboxRequest {
  readonly store: Store;
  readonly mailbox: Mailbox;
  readonly version: Version;
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  /** `Accept-Encoding` of a download, where encodings are negotiated. */
  readonly acceptEncoding?: string;
}

/** `WORKFLOW`, `!WORKFLOW`, and `*` for any run of characters. */
export const matchesFilter = (workflowId: string, filter: string): boolean => {
  const negative = filter.startsWith('!');
  const pattern = filter
    .slice(negative ? 1 : 0)
    .split('*')
    .map((literal) => literal.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(workflowId) !== negative;
};

/** Says where the page ended, in a form that nobody should read. */
const tokenAfter = (sequence: number, mailboxId: string): string =>
  Buffer.from(`after:${String(sequence).padStart(12, '0')}:${mailboxId}`).toString('base64url');

const sequenceAfter = (token: string, { mailboxId }: Mailbox, inbox: readonly Message[]): number | undefined => {
  const match = /^after:(\d{12}):(.*)$/.exec(Buffer.from(token, 'base64url').toString());
  if (match?.[2] === mailboxId) return Number(match[1]);
  return inbox.find((message) => message.id === token)?.sequence; // As v1 does.
};

export const list = ({ store, mailbox, version, query }: InboxRequest): Reply => {
  const wanted = query.get('max_results') ?? '500';
  const size = Number(wanted);
  if (!/^\d+$/.test(wanted) || size < 10 || size > 5000) {
    return invalid([{ at: ['query', 'max_results'], msg: 'ensure this value is between 10 and 5000' }]);
  }
  const filter = query.get('workflow_filter');
  if (filter !== null && (filter.length < 2 || filter.length > 255)) {
    return invalid([{ at: ['query', 'workflow_filter'], msg: 'ensure this value has 2 to 255 characters' }]);
  }
  const inbox = store.inbox(mailbox.mailboxId);
  const token = query.get('continue_from');
  const after = token === null ? 0 : sequenceAfter(token, mailbox, inbox);
  if (after === undefined) return invalid([{ at: ['query', 'continue_from'], msg: 'invalid token' }]);

  const waiting = inbox.filter((message) => (message.sequence ?? 0) > after);
  const scanned = waiting.slice(0, size);
  const messages = scanned
    .filter((message) => filter === null || matchesFilter(message.workflowId, filter))
    .map((message) => message.id);
  const last = scanned.at(-1);
  if (version === 1) return json(200, { messages });

  const link = (parameters: Record<string, string>) => {
    const own = { ...parameters, ...(filter === null ? {} : { workflow_filter: filter }) };
    const search = new URLSearchParams({ max_results: String(size), ...own });
    return `/messageexchange/${encodeURIComponent(mailbox.mailboxId)}/inbox?${search}`;
  };
  const links = {
    self: link(token === null ? {} : { continue_from: token }),
    ...(last && waiting.length > scanned.length
      ? { next: link({ continue_from: tokenAfter(last.sequence ?? 0, mailbox.mailboxId) }) }
      : {}),
  };
  return json(200, { messages, links, approx_inbox_count: inbox.length });
};

export const count = ({ store, mailbox, version }: InboxRequest): Reply => {
  const waiting = store.inbox(mailbox.mailboxId).length;
  return json(200, version === 1 ? { count: waiting, internalID: '', allResultsIncluded: true } : { count: waiting });
};

/** The message, or why this mailbox cannot have it. */
const own = ({ store, mailbox, version, parameters }: InboxRequest): Message | Reply => {
  const [id = ''] = parameters;
  const message = store.find(id);
  if (!message || message.recipient === undefined) {
    return refusal(version, 404, { event: 'RECEIVE', code: '20', msg: 'Message does not exist' }, id);
  }
  if (message.recipient !== mailbox.mailboxId) {
    return refusal(version, 403, { msg: 'Message belongs to another mailbox' }, id);
  }
  return message;
};

/** Only what still waits: collected, expired and deleted messages are gone. */
const readable = (request: InboxRequest): Message | Reply => {
  const message = own(request);
  if ('status' in message || (message.state === 'accepted' && !message.deleted)) return message;
  const detail = { event: 'SEND', code: 'Message already accepted', msg: 'Message no longer available for download' };
  return refusal(request.version, 410, detail, message.id);
};

const given = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** What the recipient is told of a message, with the part's own range and encoding. */
const messageHeaders = (message: Message, part: number): Record<string, string> => {
  const sent = message.headers;
  const content = message.parts[part - 1];
  const acceptedAt = new Date(message.deliveredAt ?? message.acceptedAt);
  const common = {
    'Mex-MessageID': message.id,
    'Mex-MessageType': message.type,
    'Mex-WorkflowID': message.workflowId || undefined,
    'Mex-Chunk-Range': message.type === 'REPORT' ? '1:0' : `${part}:${message.total}`,
    'Mex-Total-Chunks': String(message.total),
    'Mex-AddressType': 'ALL',
    'Mex-Version': '1.0',
    'Mex-LocalID': sent['mex-localid'],
    'Mex-Subject': sent['mex-subject'],
    'Mex-FileName': sent['mex-filename'] ?? (message.type === 'REPORT' ? undefined : `${message.id}.dat`),
    'Mex-StatusTimestamp': statusTimestamp(acceptedAt.getTime()),
    'Last-Modified': acceptedAt.toUTCString(),
    ETag: `"${createHash('sha256').update(`${message.id}/${part}`).digest('hex').slice(0, 32)}"`,
  };
  if (message.type === 'REPORT') {
    return given({
      ...common,
      'Mex-To': message.mexTo,
      'Mex-LinkedMsgID': sent['mex-linkedmsgid'],
      'Mex-StatusCode': sent['mex-statuscode'],
      'Mex-StatusEvent': sent['mex-statusevent'],
      'Mex-StatusDescription': sent['mex-statusdescription'],
      // Only a transfer report, which has the code of success, is good news.
      'Mex-StatusSuccess': message.headers['mex-statuscode'] === '00' ? 'SUCCESS' : 'ERROR',
    });
  }
  const contentType = sent['mex-content-type'] ?? (message.total > 1 ? undefined : sent['content-type']);
  return given({
    ...common,
    'Mex-From': message.from,
    'Mex-To': message.recipient,
    'Mex-PartnerID': sent['mex-partnerid'],
    'Mex-Content-Type': sent['mex-content-type'],
    'Mex-Content-Compressed': sent['mex-content-compressed'],
    'Mex-Content-Encrypted': sent['mex-content-encrypted'],
    'Mex-Content-Checksum': sent['mex-content-checksum'],
    'Mex-StatusCode': '00',
    'Mex-StatusEvent': 'TRANSFER',
    'Mex-StatusDescription': 'Transferred to recipient mailbox',
    'Mex-StatusSuccess': 'SUCCESS',
    'Content-Type': contentType ?? 'application/octet-stream',
    'Content-Encoding': content?.encoding,
  });
};

/** As it was sent, or encoded as the recipient says it can take it. */
const encoded = (
  request: InboxRequest,
  status: number,
  headers: Record<string, string>,
  { body, encoding }: Part,
): Reply => {
  const asked = request.acceptEncoding;
  if (asked === undefined) return { status, headers, stored: body };
  const takesGzip = /\bgzip\b/i.test(asked);
  if (encoding === 'gzip' && !takesGzip) {
    const { 'Content-Encoding': _, ...decoded } = headers;
    return { status, headers: decoded, stored: body, transform: 'gunzip' };
  }
  if (encoding === undefined && takesGzip && request.version === 2) {
    return { status, headers: { ...headers, 'Content-Encoding': 'gzip' }, stored: body, transform: 'gzip' };
  }
  return { status, headers, stored: body };
};

const partOf = (request: InboxRequest, part: number, statusOfPart: (total: number) => number): Reply => {
  const message = readable(request);
  if ('status' in message) return message;
  if (message.type === 'REPORT' && part === 1) return { status: 200, headers: messageHeaders(message, 1) };
  const content = message.parts[part - 1];
  if (!content) {
    const detail = { event: 'RECEIVE', code: '20', msg: 'Message does not exist' };
    return refusal(request.version, 404, detail, message.id);
  }
  return encoded(request, statusOfPart(message.total), messageHeaders(message, part), content);
};

/** The server writes the length and leaves the body out. */
export const head = (request: InboxRequest): Reply => partOf(request, 1, () => 200);

const downloadPart = (request: InboxRequest, part: number): Reply =>
  partOf(request, part, (total) => (part < total ? 206 : 200));

export const download = (request: InboxRequest): Reply => downloadPart(request, 1);

export const downloadChunk = (request: InboxRequest): Reply => downloadPart(request, Number(request.parameters[1]));

export const acknowledge = (request: InboxRequest): Reply => {
  const message = own(request);
  if ('status' in message) return message;
  request.store.acknowledge(message);
  return request.version === 1 ? json(200, { messageId: message.id }) : empty(200);
};
