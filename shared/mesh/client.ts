import { arch, platform, release } from 'node:os';
import type { Clock } from '../platform/clock.ts';
import { discard } from './answers.ts';
import { command, mailboxPath, operation, pingCall } from './calls.ts';
import type { MeshCredentials } from './credentials.ts';
import { type Endpoint, lookup, searchWorkflow } from './directory.ts';
import type { MeshEnvelope } from './envelope.ts';
import {
  acknowledge,
  count,
  type Download,
  download,
  head,
  type InboxPage,
  type InboxQuery,
  inboxPages,
  listInbox,
} from './inbox.ts';
import type { MeshHeaders } from './mesh-headers.ts';
import { type SendOptions, send } from './outbox.ts';
import { type ChunkCall, sendChunk } from './outbox-calls.ts';
import { type ChunkOutcome, type Configuration, MeshFault, type Outcome, type SendOutcome } from './outcomes.ts';
import type { MeshPart } from './part-pump.ts';
import { openSession } from './session.ts';
import { type LocalIdTracking, type Tracked, track, trackByLocalId } from './tracking.ts';
import { createTransport, type OpenTransport, type Timeouts } from './transport.ts';

export interface MeshClientSetting {
  /** From `meshBaseUrl`: https only. */
  readonly baseUrl: string;
  readonly mailboxId: string;
  readonly credentials: MeshCredentials;
  /**
   * Reads the credentials anew where MESH refuses the token twice, or the certificate: once for each operation, not
   * again within a minute of finding them unchanged. So a rotation needs neither deployment nor restart.
   */
  readonly renewCredentials?: () => Promise<MeshCredentials | Configuration | undefined>;
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
  /** How requests get to MESH: over mutual TLS where absent. */
  readonly openTransport?: OpenTransport | undefined;
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
  /** Messages in the inbox. Deprecated by MESH: `approximateCount` of a list is as good. */
  count(): Promise<Outcome<number>>;
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
  /** For local ids that are unique: clears up an unknown outcome, as far as MESH can tell. */
  trackByLocalId(localId: string): Promise<Outcome<LocalIdTracking>>;
  /** Mailboxes of an organisation that take a workflow: none, one or several. */
  lookup(odsCode: string, workflowId: string): Promise<Outcome<readonly Endpoint[]>>;
  /** Mailboxes that take a workflow. */
  searchWorkflow(workflowId: string): Promise<Outcome<readonly Endpoint[]>>;
  /** Is MESH there? Proves the certificate, not the mailbox. */
  ping(): Promise<Outcome<undefined>>;
  /** How far our clock was ahead of the server's at the last answer, in milliseconds, to the second. */
  clockSkew(): number | undefined;
  /** Closes connections that wait: to be called when an invocation begins, since the server may have given them up. */
  dropIdleConnections(): void;
  /** Destroys every connection, whatever is under way on it. */
  close(): void;
}

const defaultTimeouts: Timeouts = { connectMs: 10_000, idleMs: 60_000, diagnosisMs: 1000 };

const handshakeHeaders = (clientVersion: string) => [
  ...['mex-ClientVersion', clientVersion],
  ...['mex-OSName', platform()],
  ...['mex-OSVersion', release()],
  ...['mex-OSArchitecture', arch()],
];

/** Throws a RangeError for a base URL that is not https: there is no unprotected MESH. */
export const createMeshClient = (setting: MeshClientSetting): MeshClient => {
  const base = new URL(setting.baseUrl);
  if (base.protocol !== 'https:') throw new RangeError('The base URL of MESH must be https.');
  const { clock, ids } = setting;
  const opened = openSession({
    mailboxId: setting.mailboxId.toUpperCase(),
    clock,
    uuid: () => ids.uuid(),
    credentials: setting.credentials,
    renewCredentials: setting.renewCredentials,
    transport: (secureContext) =>
      (setting.openTransport ?? createTransport)({
        base,
        secureContext,
        clock,
        deadline: setting.deadline ?? (() => Number.POSITIVE_INFINITY),
        timeouts: { ...defaultTimeouts, ...setting.timeouts },
        maxConnections: setting.maxConnections ?? 10,
        maxIdleMs: setting.maxIdleMs ?? 4000,
      }),
  });
  if ('fault' in opened) return unusable(opened.fault);
  const { session } = opened;
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
    count: () => count(session),
    head: (id) => head(session, id),
    download: (id) => download(session, id),
    acknowledge: (id) => acknowledge(session, id),
    send: (envelope, parts, options) => send(session, envelope, parts, options),
    sendChunk: (chunk) => sendChunk(session, chunk),
    track: (meshMessageId) => track(session, meshMessageId),
    trackByLocalId: (localId) => trackByLocalId(session, localId),
    lookup: (odsCode, workflowId) => lookup(session, odsCode, workflowId),
    searchWorkflow: (workflowId) => searchWorkflow(session, workflowId),
    ping: () => command(session, pingCall),
    clockSkew: () => session.access().transport.clockSkew(),
    dropIdleConnections: () => session.access().transport.dropIdleConnections(),
    close: () => session.close(),
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
    count: answer,
    head: answer,
    download: answer,
    acknowledge: answer,
    send: answer,
    sendChunk: answer,
    track: answer,
    trackByLocalId: answer,
    lookup: answer,
    searchWorkflow: answer,
    ping: answer,
    clockSkew: () => undefined,
    dropIdleConnections: () => undefined,
    close: () => undefined,
  };
};
