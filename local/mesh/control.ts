import { gunzipSync } from 'node:zlib';
import type { Bodies } from './bodies.ts';
import { createFaultScript, type Fault, type FaultScript, type Operation, operations } from './fault-script.ts';
import type { Mailbox } from './routing.ts';
import type { MeshSettings } from './settings.ts';
import type { Message, Part, ReportOf, Store } from './store.ts';

/** A message that the simulator accepted whole. */
export interface SentMessage {
  readonly meshMessageId: string;
  readonly from: string;
  /** `Mex-To` as the sender wrote it. */
  readonly to: string;
  readonly workflowId: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded and joined; read from disk each time. Empty once it is deleted. */
  readonly body: Buffer;
  readonly parts: number;
  /** Epoch milliseconds. */
  readonly acceptedAt: number;
  readonly state: string;
  /** Mailbox that it was routed to. */
  readonly deliveredTo?: string;
}

export interface WaitingMessage {
  readonly meshMessageId: string;
  readonly messageType: 'DATA' | 'REPORT';
  readonly workflowId: string;
  readonly from?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface DeliveredPart {
  readonly bytes: Buffer;
  /** `gzip` or none. */
  readonly encoding?: string;
}

export interface Delivery {
  readonly from: string;
  readonly workflowId: string;
  /** Whole content, or its parts as they come over the wire. */
  readonly content: Buffer | readonly DeliveredPart[];
  /** Further headers, such as `mex-subject`; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What may be changed about a mailbox while the simulator runs. */
export type MailboxChanges = Partial<Pick<Mailbox, 'password' | 'workflows' | 'active' | 'internal'>>;

/** The strings behind the stage: for tests in the same process, and for the admin routes. */
export interface MeshControl {
  /** The next requests that fit meet this fault; several wait their turn. */
  failNext(fault: Fault): void;
  clearFaults(): void;
  /** Requests so far, by operation. */
  readonly requests: Readonly<Record<Operation, number>>;
  /** TLS connections so far. */
  connections(): number;
  /** Every message accepted whole, oldest first, byte for byte. */
  sent(): SentMessage[];
  /** What waits in an inbox. */
  inbox(mailboxId: string): WaitingMessage[];
  /** Puts a report into an inbox; returns its id. */
  injectReport(report: ReportOf): string;
  /** Puts a message into an inbox; returns its id. */
  deliver(mailboxId: string, delivery: Delivery): string;
  /** From now on; what is on its way already keeps its times. */
  configure(changes: Partial<MeshSettings>): void;
  /** False where there is no such mailbox. */
  changeMailbox(mailboxId: string, changes: MailboxChanges): boolean;
  /** Forgets every message, fault, count and change. */
  reset(): void;
}

const decodedPart = (part: Part | undefined, bodies: Bodies): Buffer => {
  if (!part) return Buffer.alloc(0);
  const bytes = bodies.read(part.body);
  if (part.encoding !== 'gzip') return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    // A sender may say gzip and mean nothing by it: shown as it came.
    return bytes;
  }
};

const decodedBody = ({ parts }: Message, bodies: Bodies): Buffer =>
  Buffer.concat(parts.map((part) => decodedPart(part, bodies)));

const sentMessage = (message: Message, bodies: Bodies): SentMessage => ({
  meshMessageId: message.id,
  from: message.from ?? '',
  to: message.mexTo,
  workflowId: message.workflowId,
  headers: message.headers,
  get body() {
    return decodedBody(message, bodies);
  },
  parts: message.total,
  acceptedAt: message.acceptedAt,
  state: message.state,
  ...(message.recipient === undefined ? {} : { deliveredTo: message.recipient }),
});

const waitingMessage = (message: Message, bodies: Bodies): WaitingMessage => ({
  meshMessageId: message.id,
  messageType: message.type,
  workflowId: message.workflowId,
  headers: message.headers,
  get body() {
    return decodedBody(message, bodies);
  },
  ...(message.from === undefined ? {} : { from: message.from }),
});

const noRequests = () => Object.fromEntries(operations.map((name) => [name, 0])) as Record<Operation, number>;

/** The control and what the server notes in it. */
export interface Backstage {
  readonly control: MeshControl;
  readonly faults: FaultScript;
  count(operation: Operation): void;
  connected(): void;
}

export interface BackstageSetting {
  readonly store: Store;
  readonly bodies: Bodies;
  readonly configure: MeshControl['configure'];
  readonly changeMailbox: MeshControl['changeMailbox'];
  /** Undoes both. */
  readonly restore: () => void;
}

export const createBackstage = (setting: BackstageSetting): Backstage => {
  const { store, bodies, configure, changeMailbox } = setting;
  const faults = createFaultScript();
  const requests = noRequests();
  let connections = 0;
  const control: MeshControl = {
    failNext: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    requests,
    connections: () => connections,
    sent: () => store.sent().map((message) => sentMessage(message, bodies)),
    inbox: (mailboxId) => store.inbox(mailboxId).map((message) => waitingMessage(message, bodies)),
    injectReport: (report) => store.report(report).id,
    deliver(mailboxId, { from, workflowId, content, headers = {} }) {
      const given: readonly DeliveredPart[] = Buffer.isBuffer(content) ? [{ bytes: content }] : content;
      const parts = given.map(({ bytes, encoding }) => ({
        body: bodies.keep(bytes),
        ...(encoding === undefined ? {} : { encoding }),
      }));
      return store.deliver(mailboxId, { from, mexTo: mailboxId, workflowId, headers, total: parts.length }, parts).id;
    },
    configure,
    changeMailbox,
    reset() {
      store.reset();
      faults.clear();
      setting.restore();
      Object.assign(requests, noRequests());
      connections = 0;
    },
  };
  return {
    control,
    faults,
    count: (operation) => void requests[operation]++,
    connected: () => void connections++,
  };
};
