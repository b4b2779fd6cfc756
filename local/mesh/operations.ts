import type { IncomingMessage } from 'node:http';
import type { LocalClock } from '../clock.ts';
import type { Bodies, StoredBody } from './bodies.ts';
import { lookup, workflowSearch } from './directory-operations.ts';
import { acknowledge, count, download, downloadChunk, head, type InboxRequest, list } from './inbox-operations.ts';
import { type OutboxRequest, send, sendChunk } from './outbox-operations.ts';
import { empty, invalid, json, type Reply, refusal, type Version, versionOf } from './replies.ts';
import { drained, headersOf } from './requests.ts';
import type { Call } from './routes.ts';
import type { Directory, Mailbox } from './routing.ts';
import type { MeshSettings } from './settings.ts';
import type { Store } from './store.ts';
import type { Throttle } from './throttle.ts';
import type { TokenCheck } from './tokens.ts';
import { track, trackByLocalId } from './tracking.ts';

export interface MeshService {
  readonly clock: LocalClock;
  readonly settings: MeshSettings;
  readonly directory: Directory;
  readonly mailboxes: () => readonly Mailbox[];
  readonly store: Store;
  readonly bodies: Bodies;
  readonly tokens: TokenCheck;
  readonly throttle: Throttle;
}

const handshake = (headers: Readonly<Record<string, string>>, mailbox: Mailbox, version: Version): Reply => {
  const missing = ['mex-clientversion', 'mex-osname', 'mex-osversion'].filter((name) => headers[name] === undefined);
  if (missing.length > 0) return invalid(missing.map((name) => ({ at: ['header', name], msg: 'field required' })));
  return version === 1 ? json(200, { mailboxId: mailbox.mailboxId }) : empty(200);
};

/** A reply where the request may not pass: who asks, and how often. */
const barred = (service: MeshService, request: IncomingMessage, call: Call, version: Version): Mailbox | Reply => {
  const mailbox = service.directory.mailbox(call.mailboxId ?? '');
  const now = service.clock.now();
  if (!mailbox) return refusal(version, 403, { event: 'SEND', code: 'EPL-151', msg: 'No mailbox matched' });
  const reason = service.tokens.refuse(request.headers.authorization, mailbox, now);
  if (reason) return refusal(version, 403, { msg: reason });
  if (mailbox.active === false) return refusal(version, 403, { msg: 'Request Received from Inactive Mailbox' });
  const waitMs = service.throttle.refuse(mailbox.mailboxId, now, service.settings.requestsPerMinute);
  if (waitMs === undefined) return mailbox;
  const { status, headers, body } = refusal(version, 429, { msg: 'Too many requests' });
  return {
    status,
    headers: { ...headers, 'Retry-After': String(Math.ceil(waitMs / 1000)) },
    ...(body ? { body } : {}),
  };
};

/** With its body on disk, which stays there only when it is accepted. */
const sending = async (
  service: MeshService,
  request: IncomingMessage,
  given: InboxRequest,
  operation: (request: OutboxRequest) => Reply,
): Promise<Reply> => {
  const { bodies, settings, directory } = service;
  const body: StoredBody | undefined = await bodies.receive(request, settings.maxBodyBytes);
  const reply = operation({ ...given, directory, settings, headers: headersOf(request), body });
  if (body && reply.status !== 202) bodies.remove(body);
  return reply;
};

/** One request of the API, without any fault. */
export const perform = async (service: MeshService, request: IncomingMessage, call: Call): Promise<Reply> => {
  const { operation, parameters, query } = call;
  const { store, settings, directory } = service;
  const version = versionOf(request.headers.accept);
  const otherwise = async (reply: Reply) => {
    await drained(request);
    return reply;
  };
  if (version === undefined) return otherwise(invalid([{ at: ['header', 'accept'], msg: 'malformed media type' }]));
  if (operation === 'ping') return otherwise(json(200, { status: 'running', outcome: 'Yes' }));
  const registry = { mailboxes: service.mailboxes(), parameters, version };
  if (operation === 'lookup') return otherwise(lookup(registry));
  if (operation === 'workflowSearch') return otherwise(workflowSearch(registry));

  const mailbox = barred(service, request, call, version);
  if ('status' in mailbox) return otherwise(mailbox);
  const given: InboxRequest = { store, mailbox, version, parameters, query };
  if (operation === 'send') return sending(service, request, given, send);
  if (operation === 'sendChunk') return sending(service, request, given, sendChunk);

  await drained(request);
  const acceptEncoding = request.headers['accept-encoding'];
  const downloading: InboxRequest =
    settings.downloadEncoding === 'stored'
      ? given
      : { ...given, acceptEncoding: Array.isArray(acceptEncoding) ? acceptEncoding.join() : (acceptEncoding ?? '') };
  switch (operation) {
    case 'handshake':
      return handshake(headersOf(request), mailbox, version);
    case 'list':
      return list(given);
    case 'count':
      return count(given);
    case 'head':
      return head(downloading);
    case 'download':
      return download(downloading);
    case 'downloadChunk':
      return downloadChunk(downloading);
    case 'acknowledge':
      return acknowledge(given);
    case 'track':
      return track({ ...given, directory, settings });
    case 'trackByLocalId':
      return trackByLocalId({ ...given, directory, settings });
  }
};
