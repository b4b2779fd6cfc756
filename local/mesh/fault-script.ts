/** The operations of the API, as faults and counters name them. */
export const operations = [
  'handshake',
  'list',
  'count',
  'head',
  'download',
  'downloadChunk',
  'acknowledge',
  'send',
  'sendChunk',
  'track',
  'trackByLocalId',
  'lookup',
  'workflowSearch',
  'ping',
] as const;
export type Operation = (typeof operations)[number];

export const faultKinds = [
  /** The connection is cut when the head of the request has come; nothing is processed. */
  'reset-before',
  /** The connection is cut when some of the body has come; nothing is processed. */
  'cut-request',
  /** The request is processed in full; the connection is cut instead of an answer: accepted, and the answer lost. */
  'reset-after-accept',
  /** Answered with `status` and `body`; nothing is processed. */
  'status',
  /** Answered with 500 and a SOAP fault; nothing is processed. */
  'soap-fault',
  /** Processed in full, then answered with `status` and `body`: a gateway that lost the answer. */
  'status-after-accept',
  /** Processed; the answer stops half way and the connection is cut. */
  'cut-answer',
  /** Processed; the answer's head comes at once and its body in pieces over `delayMs`. */
  'slow-answer',
  /** Never answered; nothing is processed. */
  'hang',
  /** Only delayed. */
  'delay',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly operation: Operation | 'any';
  /** Only requests of this mailbox. */
  readonly mailboxId?: string;
  readonly fault: FaultKind;
  /** For the two `status` faults; 500 where absent. */
  readonly status?: number;
  readonly body?: string;
  readonly contentType?: string;
  /** `Retry-After`, in seconds or as a date. */
  readonly retryAfter?: number | string;
  /** Wait before anything else, in milliseconds of the clock. */
  readonly delayMs?: number;
  /** How many requests it meets; 1 where absent. */
  readonly times?: number;
  /** How many requests that fit pass unharmed first; 0 where absent. */
  readonly skip?: number;
}

export interface FaultScript {
  add(fault: Fault): void;
  /** The first fault that fits, used up by one. */
  take(operation: Operation, mailboxId: string | undefined): Fault | undefined;
  clear(): void;
}

export const createFaultScript = (): FaultScript => {
  let waiting: { fault: Fault; skip: number; left: number }[] = [];
  return {
    add(fault) {
      waiting.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? 1 });
    },
    take(operation, mailboxId) {
      const next = waiting.find(
        ({ fault }) =>
          (fault.operation === 'any' || fault.operation === operation) &&
          (fault.mailboxId === undefined || fault.mailboxId === mailboxId),
      );
      if (!next) return undefined;
      if (next.skip > 0) {
        next.skip--;
        return undefined;
      }
      next.left--;
      waiting = waiting.filter(({ left }) => left > 0);
      return next.fault;
    },
    clear() {
      waiting = [];
    },
  };
};
