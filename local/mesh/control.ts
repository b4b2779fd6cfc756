import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import {
  createFaultScript,
  type Fault,
  type FaultScript,
  faultKinds,
  type Operation,
  operations,
} from './fault-script.ts';
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
  /** Decoded and joined. */
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

export interface Delivery {
  readonly from: string;
  readonly workflowId: string;
  /** Whole content, or its parts, before encoding. */
  readonly content: Buffer | readonly Part[];
  /** Further headers, such as `mex-subject`; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The strings behind the stage: for tests in the same process. */
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
  /** Forgets every message, fault and count. */
  reset(): void;
}

export const decodedBody = (parts: readonly (Part | undefined)[]): Buffer =>
  Buffer.concat(parts.map((part) => decodedPart(part)));

const decodedPart = (part: Part | undefined): Buffer => {
  if (!part) return Buffer.alloc(0);
  if (part.encoding !== 'gzip') return part.bytes;
  try {
    return gunzipSync(part.bytes);
  } catch {
    // A sender may say gzip and mean nothing by it: shown as it came.
    return part.bytes;
  }
};

const sentMessage = (message: Message): SentMessage => ({
  meshMessageId: message.id,
  from: message.from ?? '',
  to: message.mexTo,
  workflowId: message.workflowId,
  headers: message.headers,
  body: decodedBody(message.parts),
  parts: message.total,
  acceptedAt: message.acceptedAt,
  state: message.state,
  ...(message.recipient === undefined ? {} : { deliveredTo: message.recipient }),
});

const noRequests = () => Object.fromEntries(operations.map((name) => [name, 0])) as Record<Operation, number>;

/** The control and what the server notes in it. */
export interface Backstage {
  readonly control: MeshControl;
  readonly faults: FaultScript;
  count(operation: Operation): void;
  connected(): void;
}

export const createBackstage = (store: Store): Backstage => {
  const faults = createFaultScript();
  const requests = noRequests();
  let connections = 0;
  const control: MeshControl = {
    failNext: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    requests,
    connections: () => connections,
    sent: () => store.sent().map(sentMessage),
    inbox: (mailboxId) =>
      store.inbox(mailboxId).map((message) => ({
        meshMessageId: message.id,
        messageType: message.type,
        workflowId: message.workflowId,
        headers: message.headers,
        body: decodedBody(message.parts),
        ...(message.from === undefined ? {} : { from: message.from }),
      })),
    injectReport: (report) => store.report(report).id,
    deliver(mailboxId, { from, workflowId, content, headers = {} }) {
      const parts = Buffer.isBuffer(content) ? [{ bytes: content }] : [...content];
      const fields = { type: 'DATA' as const, from, mexTo: mailboxId, workflowId, headers, total: parts.length, parts };
      return store.deliver(mailboxId, fields).id;
    },
    reset() {
      store.reset();
      faults.clear();
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

/** What another process may post to `/simulator/faults`. */
export const faultSchema = z.strictObject({
  operation: z.enum([...operations, 'any']),
  mailboxId: z.string().exactOptional(),
  fault: z.enum(faultKinds),
  status: z.number().int().min(200).max(599).exactOptional(),
  body: z.string().exactOptional(),
  contentType: z.string().exactOptional(),
  retryAfter: z.union([z.number(), z.string()]).exactOptional(),
  delayMs: z.number().nonnegative().exactOptional(),
  times: z.number().int().positive().exactOptional(),
});
