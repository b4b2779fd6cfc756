import type { StoredBody } from './bodies.ts';
import { invalid, json, type MeshErrorDetail, type Reply, refusal, type Version } from './replies.ts';
import { type Directory, type Mailbox, mayUse, route } from './routing.ts';
import type { MeshSettings } from './settings.ts';
import type { Part, Store } from './store.ts';

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
  readonly body: StoredBody | undefined;
  readonly settings: MeshSettings;
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

/** The body, or why it is none. */
const bodyOf = ({ body, version }: OutboxRequest): StoredBody | Reply => {
  if (body === undefined) return refusal(version, 413, { event: 'SEND', msg: 'Request entity too large' });
  if (body.length === 0) {
    return refusal(version, 417, { event: 'COLLECT', code: '02', msg: 'Data file is missing or inaccessible.' });
  }
  return body;
};

const isTooSmall = (part: number, total: number, { length }: StoredBody, { minPartBytes }: MeshSettings): boolean =>
  part < total && length < minPartBytes;

const badRange = (version: Version, messageId?: string) =>
  refusal(version, 417, { event: 'SEND', code: 'InvalidHeaderChunks', msg: 'Invalid Mex-Chunk-Range' }, messageId);

/** As many as storage takes that is written in parts. */
const mostParts = 10_000;

const rangeOf = (text: string | undefined): { part: number; total: number } | undefined => {
  const match = /^(\d+):(\d+)$/.exec(text?.trim() ?? '');
  return match ? { part: Number(match[1]), total: Number(match[2]) } : undefined;
};

const partOf = (headers: Readonly<Record<string, string>>, body: StoredBody): Part => {
  const encoding = headers['content-encoding']?.toLowerCase();
  return encoding === undefined ? { body } : { body, encoding };
};

export const send = (request: OutboxRequest): Reply => {
  const { headers, version, store, directory, mailbox, settings } = request;
  const fault = headerFault(request) ?? encodingFault(request);
  if (fault) return fault;
  const given = headers['mex-chunk-range'];
  const range = given === undefined ? { part: 1, total: 1 } : rangeOf(given);
  if (range?.part !== 1 || range.total < 1 || range.total > mostParts) return badRange(version);
  const body = bodyOf(request);
  if ('status' in body) return body;
  if (isTooSmall(1, range.total, body, settings)) return badRange(version);

  const mexTo = (headers['mex-to'] ?? '').trim();
  const workflowId = (headers['mex-workflowid'] ?? '').trim();
  const tellsAtOnce = settings.workflowRefusal === 'answer';
  if (tellsAtOnce && !mayUse(mailbox, workflowId)) {
    return refusal(version, 417, { event: 'SEND', code: '16', msg: 'Sender not allowed to send this workflow' });
  }
  const to = route(mexTo, workflowId, directory);
  if (to.kind === 'refused' && (tellsAtOnce || to.code !== '17')) {
    return refusal(version, 417, { event: 'SEND', code: to.code, msg: to.description });
  }

  const fields = { from: mailbox.mailboxId, mexTo, workflowId, headers, total: range.total };
  const { id } = store.begin(fields, partOf(headers, body));
  return json(202, version === 1 ? { messageID: id } : { message_id: id });
};

export const sendChunk = (request: OutboxRequest): Reply => {
  const { headers, version, store, mailbox, parameters, settings } = request;
  const [id = ''] = parameters;
  const part = Number(parameters[1]);
  const message = store.find(id);
  const isGone = message?.deleted && message.state === 'uploading';
  if (!message || isGone || message.from !== mailbox.mailboxId) {
    return refusal(version, 404, { event: 'SEND', code: '20', msg: 'Message does not exist' }, id);
  }
  if (message.state !== 'uploading') {
    return refusal(version, 423, { event: 'SEND', msg: 'Message is complete' }, id);
  }
  if (part > message.total) return refusal(version, 406, { event: 'SEND', msg: 'No such part' }, id);
  const range = rangeOf(headers['mex-chunk-range']);
  if (!range || range.part !== part || range.total !== message.total || part < 2) return badRange(version, id);
  const fault = encodingFault(request);
  if (fault) return fault;
  const body = bodyOf(request);
  if ('status' in body) return body;
  if (isTooSmall(part, message.total, body, settings)) return badRange(version, id);
  const content = partOf(headers, body);
  if (content.encoding !== message.parts[0]?.encoding) {
    return refusal(version, 417, { event: 'SEND', msg: 'cannot change content encoding' }, id);
  }
  const before = Array.from({ length: part - 1 }, (_, i) => message.parts[i]);
  const mustBeWhole = settings.strictChunkOrder || part === message.total;
  if (mustBeWhole && before.includes(undefined)) return badRange(version, id);
  store.addPart(message, part, content);
  if (version === 1) return json(202, { messageID: id, blockID: part });
  return json(202, settings.chunkAnswer === 'null' ? null : { message_id: id });
};
