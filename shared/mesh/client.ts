import { arch, platform, release } from 'node:os';
import type { Clock } from '../platform/clock.ts';
import { discard } from './answers.ts';
import { command, mailboxPath, operation, type Session } from './calls.ts';
import type { MeshCredentials } from './credentials.ts';
import type { MeshEnvelope } from './envelope.ts';
import {
  acknowledge,
  type Download,
  download,
  head,
  type InboxPage,
  type InboxQuery,
  inboxPages,
  listInbox,
} from './inbox.ts';
import type { MeshHeaders } from './mesh-headers.ts';
import { type ChunkCall, type SendOptions, send, sendChunk } from './outbox.ts';
import { type ChunkOutcome, type Configuration, MeshFault, type Outcome, type SendOutcome } from './outcomes.ts';
import { type Tracked, track } from './tracking.ts';
import { createTransport, type MeshPart, secureContextOf, type Timeouts } from './transport.ts';

export interface MeshClientSetting {
  /** From `meshBaseUrl`: https only. */
  readonly baseUrl: string;
  readonly mailboxId: string;
  readonly credentials: MeshCredentials;
  readonly clock: Clock;
  readonly ids: { uuid(): string };
  /** Epoch milliseconds (of `clock`) at which whatever is under way is given up, such as the invocation's end. */
  readonly deadline?: () => number;
  readonly timeouts?: Partial<Timeouts>;
  /** Connections at a time. */
  readonly maxConnections?: number;
  /** A connection unused for longer carries no message (milliseconds of `clock`). */
  readonly maxIdleMs?: number;
  /** Told to MESH by the handshake. */
  readonly clientVersion?: string;
}

export interface Handshake {
  /** How far our clock is ahead of the server's, in milliseconds, to the second. A token bears two hours. */
  readonly clockSkewMs?: number;
}

/** One mailbox's MESH. Every method returns what happened; none throws for anything that MESH or the network does. */
export interface MeshClient {
  /** Proves mailbox, password, key and certificate. Once a day is what MESH wants. */
  handshake(): Promise<Outcome<Handshake>>;
  listInbox(query?: InboxQuery): Promise<Outcome<InboxPage>>;
  /** Page after page; one that is not ok is the last. */
  inboxPages(query?: InboxQuery): AsyncGenerator<Outcome<InboxPage>, void, undefined>;
  /** The ids alone, each once. Throws a `MeshFault` where a page cannot be had. */
  allInboxIds(query?: InboxQuery): AsyncGenerator<string, void, undefined>;
  /** `gone` where the message is not in this inbox. */
  head(id: string): Promise<Outcome<MeshHeaders>>;
  download(id: string): Promise<Outcome<Download>>;
  /** Removes the message from the inbox for good: store it first. */
  acknowledge(id: string): Promise<Outcome<undefined>>;
  /** `parts` are the transport's bytes, already encoded as the envelope says. */
  send(envelope: MeshEnvelope, parts: readonly MeshPart[], options?: SendOptions): Promise<SendOutcome>;
  sendChunk(chunk: ChunkCall): Promise<ChunkOutcome>;
  /** Not to be asked often, and no substitute for an acknowledgement. */
  track(meshMessageId: string): Promise<Outcome<Tracked>>;
  ping(): Promise<Outcome<undefined>>;
  /** Closes connections that wait: to be called when an invocation begins, since the server may have given them up. */
  dropIdleConnections(): void;
  /** Destroys every connection, whatever is under way on it. */
  close(): void;
}

const defaultTimeouts: Timeouts = { connectMs: 10_000, idleMs: 60_000, diagnosisMs: 1000 };

const handshakeHeaders = (clientVersion: string) => ({
  'mex-ClientVersion': clientVersion,
  'mex-OSName': platform(),
  'mex-OSVersion': release(),
  'mex-OSArchitecture': arch(),
});

/** Throws a RangeError for a base URL that is not https: there is no unprotected MESH. */
export const createMeshClient = (setting: MeshClientSetting): MeshClient => {
  const base = new URL(setting.baseUrl);
  if (base.protocol !== 'https:') throw new RangeError('The base URL of MESH must be https.');
  const secureContext = secureContextOf(setting.credentials);
  if (secureContext.kind !== 'ok') return unusable(secureContext);

  const { clock, credentials, ids } = setting;
  const transport = createTransport({
    base,
    secureContext: secureContext.value,
    clock,
    deadline: setting.deadline ?? (() => Number.POSITIVE_INFINITY),
    timeouts: { ...defaultTimeouts, ...setting.timeouts },
    maxConnections: setting.maxConnections ?? 10,
    maxIdleMs: setting.maxIdleMs ?? 4000,
  });
  const session: Session = {
    mailboxId: setting.mailboxId.toUpperCase(),
    credentials,
    clock,
    uuid: () => ids.uuid(),
    transport,
  };
  const pages = (query: InboxQuery = {}) => inboxPages(session, query);

  return {
    handshake: () => {
      const headers = handshakeHeaders(setting.clientVersion ?? 'gp-connect-send-document');
      return operation(session, { method: 'POST', path: mailboxPath(session), headers }, async (answer) => {
        await discard(answer);
        const { serverTime } = answer;
        return { value: serverTime === undefined ? {} : { clockSkewMs: clock.now() - serverTime } };
      });
    },
    listInbox: (query = {}) => listInbox(session, query),
    inboxPages: pages,
    allInboxIds: (query) => idsOf(pages(query)),
    head: (id) => head(session, id),
    download: (id) => download(session, id),
    acknowledge: (id) => acknowledge(session, id),
    send: (envelope, parts, options) => send(session, envelope, parts, options),
    sendChunk: (chunk) => sendChunk(session, chunk),
    track: (meshMessageId) => track(session, meshMessageId),
    ping: () => command(session, { method: 'GET', path: '/messageexchange/_ping', headers: {} }),
    dropIdleConnections: () => transport.dropIdleConnections(),
    close: () => transport.close(),
  };
};

/** The set may move while it is listed, so that a message comes on two pages. */
async function* idsOf(pages: AsyncGenerator<Outcome<InboxPage>, void, undefined>) {
  const seen = new Set<string>();
  for await (const page of pages) {
    if (page.kind !== 'ok') throw new MeshFault(page);
    for (const id of page.value.messageIds) {
      if (!seen.has(id)) yield id;
      seen.add(id);
    }
  }
}

/** A client whose credentials TLS does not take: every operation says so. */
const unusable = (fault: Configuration): MeshClient => {
  const answer = () => Promise.resolve(fault);
  async function* pages() {
    yield fault;
  }
  return {
    handshake: answer,
    listInbox: answer,
    inboxPages: pages,
    allInboxIds: () => idsOf(pages()),
    head: answer,
    download: answer,
    acknowledge: answer,
    send: answer,
    sendChunk: answer,
    track: answer,
    ping: answer,
    dropIdleConnections: () => undefined,
    close: () => undefined,
  };
};
