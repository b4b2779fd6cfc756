import { days } from '../../shared/platform/clock.ts';
import type { LocalClock } from '../clock.ts';
import { newMessageId } from './message-ids.ts';
import { type Directory, type Route, route } from './routing.ts';

export interface Part {
  readonly bytes: Buffer;
  /** `gzip` or none. */
  readonly encoding?: string;
}

export type MessageState = 'uploading' | 'accepted' | 'acknowledged' | 'undeliverable';

export interface Message {
  readonly id: string;
  readonly type: 'DATA' | 'REPORT';
  /** Mailbox of the sender; a report has none. */
  readonly from?: string;
  /** As the sender wrote it. */
  readonly mexTo: string;
  readonly workflowId: string;
  /** The sender's headers, names in lower case. For a report, those that it is given with. */
  readonly headers: Readonly<Record<string, string>>;
  readonly total: number;
  readonly parts: (Part | undefined)[];
  readonly acceptedAt: number;
  state: MessageState;
  /** Mailbox that it was delivered to. */
  recipient?: string;
  deliveredAt?: number;
  /** Order in the recipient's inbox. */
  sequence?: number;
  /** What went wrong with its delivery. */
  statusCode?: string;
  statusDescription?: string;
}

export interface ReportOf {
  readonly mailboxId: string;
  readonly code: string;
  readonly description?: string;
  /** `SEND` where absent. */
  readonly event?: string;
  readonly linkedMessageId?: string;
  readonly workflowId?: string;
  readonly localId?: string;
  readonly subject?: string;
  /** `Mex-To` of the report: sources differ on whether it is the intended recipient or the sender. */
  readonly mexTo?: string;
}

export interface StoreSetting {
  readonly clock: LocalClock;
  readonly directory: Directory;
  /** From the last part's acceptance to the recipient's inbox, in milliseconds of the clock. */
  readonly deliveryDelayMs: number;
  /** From the last part's acceptance to a report that it cannot be routed. */
  readonly reportDelayMs: number;
  readonly expiryMs: number;
  readonly reportAddressedTo: 'sender' | 'recipient';
}

export const defaultExpiryMs = days(5);

/** What has been sent, and every mailbox's inbox. */
export interface Store {
  find(id: string): Message | undefined;
  /** Messages waiting in an inbox, oldest first. */
  inbox(mailboxId: string): readonly Message[];
  /** Messages accepted whole from a sender, in order. */
  sent(): readonly Message[];
  begin(message: Omit<Message, 'id' | 'acceptedAt' | 'state' | 'parts' | 'type'>, first: Part): Message;
  /** Stores a part; the message goes on its way when none is missing. */
  addPart(message: Message, part: number, content: Part): void;
  acknowledge(message: Message): void;
  report(report: ReportOf): Message;
  /** Puts a message into an inbox as if `from` had sent it. */
  deliver(mailboxId: string, message: Omit<Message, 'id' | 'acceptedAt' | 'state'>): Message;
  reset(): void;
}

export const createStore = (setting: StoreSetting): Store => {
  const { clock, directory } = setting;
  const messages = new Map<string, Message>();
  const inboxes = new Map<string, Message[]>();
  const sentMessages: Message[] = [];
  const timers = new Set<() => void>();
  let sequence = 0;

  const later = (delayMs: number, fire: () => void) => {
    const disarm = clock.at(clock.now() + delayMs, () => {
      timers.delete(disarm);
      fire();
    });
    timers.add(disarm);
  };

  const leave = (message: Message) => {
    if (message.recipient === undefined) return;
    const left = (inboxes.get(message.recipient) ?? []).filter((other) => other !== message);
    inboxes.set(message.recipient, left);
  };

  const arrive = (message: Message, mailboxId: string) => {
    message.recipient = mailboxId;
    message.deliveredAt = clock.now();
    message.sequence = ++sequence;
    const inbox = inboxes.get(mailboxId);
    if (inbox) inbox.push(message);
    else inboxes.set(mailboxId, [message]);
    later(setting.expiryMs, () => expire(message));
  };

  const expire = (message: Message) => {
    if (message.state !== 'accepted') return;
    leave(message);
    fail(message, '14', 'Message not collected by recipient after 5 days');
  };

  const fail = (message: Message, code: string, description: string) => {
    message.state = 'undeliverable';
    message.statusCode = code;
    message.statusDescription = description;
    if (message.from === undefined || message.type === 'REPORT') return;
    const { 'mex-localid': localId, 'mex-subject': subject } = message.headers;
    report({
      mailboxId: message.from,
      code,
      description,
      linkedMessageId: message.id,
      workflowId: message.workflowId,
      mexTo: setting.reportAddressedTo === 'sender' ? message.from : (message.recipient ?? message.mexTo),
      ...(localId === undefined ? {} : { localId }),
      ...(subject === undefined ? {} : { subject }),
    });
  };

  const settle = (message: Message, to: Exclude<Route, { kind: 'refused' }>) => {
    if (to.kind === 'undeliverable') {
      later(setting.reportDelayMs, () => fail(message, to.code, to.description));
    } else if (setting.deliveryDelayMs > 0) later(setting.deliveryDelayMs, () => arrive(message, to.mailboxId));
    else arrive(message, to.mailboxId);
  };

  const completeIfWhole = (message: Message) => {
    for (let i = 0; i < message.total; i++) if (!message.parts[i]) return;
    message.state = 'accepted';
    sentMessages.push(message);
    const to = route(message.mexTo, message.workflowId, directory);
    if (to.kind === 'refused') later(0, () => fail(message, to.code, to.description));
    else settle(message, to);
  };

  const keep = (message: Message): Message => {
    messages.set(message.id, message);
    return message;
  };

  const report = (wanted: ReportOf): Message => {
    const header = {
      'mex-statusevent': wanted.event ?? 'SEND',
      'mex-statuscode': wanted.code,
      ...(wanted.description === undefined ? {} : { 'mex-statusdescription': wanted.description }),
      ...(wanted.linkedMessageId === undefined ? {} : { 'mex-linkedmsgid': wanted.linkedMessageId }),
      ...(wanted.localId === undefined ? {} : { 'mex-localid': wanted.localId }),
      ...(wanted.subject === undefined ? {} : { 'mex-subject': wanted.subject }),
    };
    const message = keep({
      id: newMessageId(clock.now()),
      type: 'REPORT',
      mexTo: wanted.mexTo ?? wanted.mailboxId,
      workflowId: wanted.workflowId ?? '',
      headers: header,
      total: 0,
      parts: [],
      acceptedAt: clock.now(),
      state: 'accepted',
    });
    arrive(message, wanted.mailboxId);
    return message;
  };

  return {
    find: (id) => messages.get(id),
    inbox: (mailboxId) => inboxes.get(mailboxId) ?? [],
    sent: () => sentMessages,
    begin(fields, first) {
      const message = keep({
        ...fields,
        id: newMessageId(clock.now()),
        type: 'DATA',
        acceptedAt: clock.now(),
        state: 'uploading',
        parts: [first],
      });
      completeIfWhole(message);
      return message;
    },
    addPart(message, part, content) {
      message.parts[part - 1] = content;
      completeIfWhole(message);
    },
    acknowledge(message) {
      if (message.state !== 'accepted') return;
      message.state = 'acknowledged';
      leave(message);
    },
    report,
    deliver(mailboxId, fields) {
      const now = clock.now();
      const message = keep({ ...fields, id: newMessageId(now), acceptedAt: now, state: 'accepted' });
      arrive(message, mailboxId);
      return message;
    },
    reset() {
      for (const disarm of timers) disarm();
      timers.clear();
      messages.clear();
      inboxes.clear();
      sentMessages.length = 0;
    },
  };
};
