import { isoTime } from '../../shared/platform/clock.ts';
import { statusTimestamp } from './message-ids.ts';
import { invalid, json, type MeshErrorDetail, type Reply, refusal, type Version } from './replies.ts';
import { type Directory, type Mailbox, mayUse, route } from './routing.ts';
import type { Message, Part, Store } from './store.ts';

export interface OutboxRequest {
  readonly store: Store;
  readonly directory: Directory;
  readonly mailbox: Mailbox;
  readonly version: Version;
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where it was longer than one request may be. */
  readonly body: Buffer | undefined;
  /** Parts in their order only; otherwise any of the middle ones, and the last one last. */
  readonly strictOrder: boolean;
  /** The sandbox answers a part with `null`, the specification says an id. */
  readonly chunkAnswer: 'null' | 'id';
}

const longest: Readonly<Record<string, number>> = {
  'mex-to': 100,
  'mex-workflowid': 300,
  'mex-chunk-range': 20,
  'mex-subject': 500,
  'mex-localid': 300,
  'mex-filename': 300,
  'mex-partnerid': 500,
  'mex-content-type': 100,
  'mex-content-checksum': 100,
};

/** Spine turns these down in addresses and the like: characters that could end a header, and addresses of the web. */
const isMalformed = (name: string, value: string): boolean =>
  [...value].some((c) => c < ' ' || c === '\x7f') ||
  (['mex-to', 'mex-workflowid', 'mex-content-checksum'].includes(name) && /https?:\/\//i.test(value));

const headerFault = (request: OutboxRequest): Reply | undefined => {
  const { headers, version, mailbox } = request;
  const missing = ['mex-to', 'mex-workflowid'].filter((name) => headers[name] === undefined);
  if (missing.length > 0) return invalid(missing.map((name) => ({ at: ['header', name], msg: 'field required' })));
  const say = (status: number, detail: MeshErrorDetail) => refusal(version, status, detail);
  for (const [name, value] of Object.entries(headers)) {
    const max = longest[name];
    if (max === undefined) continue;
    if (value.length > max) {
      return invalid([{ at: ['header', name], msg: `ensure this value has at most ${max} characters` }]);
    }
    if (isMalformed(name, value)) return say(400, { event: 'TRANSFER', code: '06', msg: 'Malformed control file' });
  }
  if (headers['mex-to']?.trim() === '') return say(400, { event: 'SEND', code: '08', msg: 'No recipient supplied' });
  if (headers['mex-workflowid']?.trim() === '') {
    return say(400, { event: 'TRANSFER', code: '06', msg: 'Malformed control file' });
  }
  const from = headers['mex-from'];
  if (from !== undefined && from.toUpperCase() !== mailbox.mailboxId) {
    return say(417, { event: 'SEND', code: '07', msg: 'From address does not match the mailbox' });
  }
  const type = headers['mex-messagetype'];
  if (type !== undefined && type !== 'DATA') {
    return say(417, { event: 'SEND', code: '11', msg: 'Message type should be DATA' });
  }
  if (!/^[A-Za-z0-9\s:\-/]*$/.test(headers['mex-content-checksum'] ?? '')) {
    return say(400, { event: 'SEND', code: 'Invalid checksum', msg: 'Invalid checksum' });
  }
  return undefined;
};

const encodingFault = ({ headers, version }: OutboxRequest): Reply | undefined =>
  headers['content-encoding'] === undefined || headers['content-encoding'].toLowerCase() === 'gzip'
    ? undefined
    : refusal(version, 422, { event: 'SEND', code: 'UnsupportedContentEncoding', msg: 'Only gzip is supported' });

const bodyFault = ({ body, version }: OutboxRequest): Reply | undefined => {
  if (body === undefined) return refusal(version, 413, { event: 'SEND', msg: 'Request entity too large' });
  if (body.length === 0) return refusal(version, 417, { event: 'SEND', code: '02', msg: 'Data file missing' });
  return undefined;
};

const badRange = (version: Version, messageId?: string) =>
  refusal(version, 417, { event: 'SEND', code: 'InvalidHeaderChunks', msg: 'Invalid Mex-Chunk-Range' }, messageId);

const rangeOf = (text: string | undefined): { part: number; total: number } | undefined => {
  const match = /^(\d+):(\d+)$/.exec(text?.trim() ?? '');
  return match ? { part: Number(match[1]), total: Number(match[2]) } : undefined;
};

const partOf = (headers: Readonly<Record<string, string>>, bytes: Buffer): Part => {
  const encoding = headers['content-encoding']?.toLowerCase();
  return encoding === undefined ? { bytes } : { bytes, encoding };
};

export const send = (request: OutboxRequest): Reply => {
  const { headers, version, store, directory, mailbox, body = Buffer.alloc(0) } = request;
  const fault = headerFault(request) ?? encodingFault(request);
  if (fault) return fault;
  const given = headers['mex-chunk-range'];
  const range = given === undefined ? { part: 1, total: 1 } : rangeOf(given);
  if (range?.part !== 1 || range.total < 1) return badRange(version);
  const tooMuch = bodyFault(request);
  if (tooMuch) return tooMuch;

  const mexTo = (headers['mex-to'] ?? '').trim();
  const workflowId = (headers['mex-workflowid'] ?? '').trim();
  if (!mayUse(mailbox, workflowId)) {
    return refusal(version, 417, { event: 'SEND', code: '16', msg: 'Sender not allowed to send this workflow' });
  }
  const to = route(mexTo, workflowId, directory);
  if (to.kind === 'refused') return refusal(version, 417, { event: 'SEND', code: to.code, msg: to.description });

  const fields = { from: mailbox.mailboxId, mexTo, workflowId, headers, total: range.total };
  const { id } = store.begin(fields, partOf(headers, body));
  return json(202, version === 1 ? { messageID: id } : { message_id: id });
};

export const sendChunk = (request: OutboxRequest): Reply => {
  const { headers, version, store, mailbox, parameters, body = Buffer.alloc(0) } = request;
  const [id = ''] = parameters;
  const part = Number(parameters[1]);
  const message = store.find(id);
  if (!message || message.from !== mailbox.mailboxId) {
    return refusal(version, 404, { event: 'SEND', code: '20', msg: 'Message does not exist' }, id);
  }
  if (message.state !== 'uploading') {
    return refusal(version, 423, { event: 'SEND', msg: 'Message is complete' }, id);
  }
  const range = rangeOf(headers['mex-chunk-range']);
  if (!range || range.part !== part || range.total !== message.total || part < 2) return badRange(version, id);
  if (part > message.total) return refusal(version, 406, { event: 'SEND', msg: 'No such part' }, id);
  const fault = encodingFault(request) ?? bodyFault(request);
  if (fault) return fault;
  const content = partOf(headers, body);
  if (content.encoding !== message.parts[0]?.encoding) {
    return refusal(version, 417, { event: 'SEND', msg: 'cannot change content encoding' }, id);
  }
  const before = Array.from({ length: part - 1 }, (_, i) => message.parts[i]);
  const mustBeWhole = request.strictOrder || part === message.total;
  if (mustBeWhole && before.includes(undefined)) return badRange(version, id);
  store.addPart(message, part, content);
  if (version === 1) return json(202, { messageID: id, blockID: part });
  return json(202, request.chunkAnswer === 'null' ? null : { message_id: id });
};

const tracked = (message: Message, directory: Directory, version: Version) => {
  const recipient = message.recipient === undefined ? undefined : directory.mailbox(message.recipient);
  const failed = message.state === 'undeliverable';
  const status = message.state === 'uploading' ? 'accepted' : message.state;
  if (version === 1) {
    return {
      messageId: message.id,
      localId: message.headers['mex-localid'],
      workflowId: message.workflowId,
      status: status.charAt(0).toUpperCase() + status.slice(1),
      statusSuccess: failed ? 'ERROR' : 'SUCCESS',
      statusCode: message.statusCode ?? '00',
      statusDescription: message.statusDescription,
      recipient: message.recipient,
      recipientOrgCode: recipient?.odsCode,
      sender: message.from,
      uploadTimestamp: statusTimestamp(message.acceptedAt),
      chunkCount: message.total,
    };
  }
  return {
    message_id: message.id,
    local_id: message.headers['mex-localid'],
    workflow_id: message.workflowId,
    filename: message.headers['mex-filename'],
    upload_timestamp: isoTime(message.acceptedAt),
    recipient: message.recipient,
    recipient_name: recipient?.name,
    recipient_ods_code: recipient?.odsCode,
    status,
    status_success: !failed,
    status_code: message.statusCode ?? '00',
    status_description: message.statusDescription,
  };
};

const untracked = (version: Version, id: string) =>
  refusal(version, 404, { event: 'TRACK', code: '20', msg: 'Message does not exist' }, id);

export const track = ({ store, directory, mailbox, version, query }: OutboxRequest): Reply => {
  const id = query.get('messageID') ?? '';
  const message = store.find(id);
  if (message?.from !== mailbox.mailboxId) return untracked(version, id);
  return json(200, tracked(message, directory, version));
};

/** Deprecated, and v1 only: 300 where a local id was used twice. */
export const trackByLocalId = ({ store, directory, mailbox, version, parameters }: OutboxRequest): Reply => {
  const [localId = ''] = parameters;
  const own = store.sent().filter((m) => m.from === mailbox.mailboxId && m.headers['mex-localid'] === localId);
  const [message] = own;
  if (!message) return untracked(version, localId);
  if (own.length > 1) return refusal(version, 300, { event: 'TRACK', msg: 'Local id is not unique' });
  return json(200, tracked(message, directory, 1));
};
