import type { LocalClock } from '../clock.ts';
import type { Bodies, StoredBody } from './bodies.ts';
import { newMessageId } from './message-ids.ts';
import { type Directory, mayUse, route } from './routing.ts';
import type { MeshSettings } from './settings.ts';

export interface Part {
  readonly body: StoredBody;
  /** `gzip` or none. */
  readonly encoding?: string;
}

export const messageStates = ['uploading', 'accepted', 'acknowledged', 'undeliverable'] as const;
export type MessageState = (typeof messageStates)[number];

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
  /** Empty once it is deleted. */
  parts: (Part | undefined)[];
  readonly acceptedAt: number;
  state: MessageState;
  stateAt: number;
  /** Nothing is left of it but that it was there. */
  deleted?: boolean;
  /** Mailbox that it was delivered to. */
  recipient?: string;
  deliveredAt?: number;
  /** Order in the recipient's inbox. */
  sequence?: number;
  /** What went wrong with its delivery. */
  failure?: { readonly code: string; readonly event: string; readonly description: string };
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
  readonly fileName?: string;
  /** `Mex-To` of the report: sources differ on whether it is the intended recipient or the sender. */
  readonly mexTo?: string;
}

export interface StoreSetting {
  readonly clock: LocalClock;
  readonly directory: Directory;
  readonly bodies: Bodies;
  /** Read anew each time. */
  readonly settings: MeshSettings;
}

type NewMessage = Pick<Message, 'from' | 'mexTo' | 'workflowId' | 'headers' | 'total'>;

/** What has been sent, and every mailbox's inbox. */
export interface Store {
  find(id: string): Message | undefined;
  /** Messages waiting in an inbox, oldest first. */
  inbox(mailboxId: string): readonly Message[];
  /** Messages accepted whole from a sender, in order. */
  sent(): readonly Message[];
  /** Of a sender, those under one local id: uploads that still lack parts among them, as in the public sandbox. */
  underLocalId(from: string, localId: string): readonly Message[];
  begin(message: NewMessage, first: Part): Message;
  /** Stores a part; the message goes on its way when none is missing. */
  addPart(message: Message, part: number, content: Part): void;
  acknowledge(message: Message): void;
  /** What somebody at MESH does by hand: back into the inbox, or out of it. */
  setState(message: Message, state: Exclude<MessageState, 'uploading'>, failure?: Message['failure']): void;
  report(report: ReportOf): Message;
  /** Puts a message into an inbox as if `from` had sent it. */
  deliver(mailboxId: string, message: NewMessage, parts: readonly Part[]): Message;
  /** Forgets everything, or what waits in one inbox. */
  reset(mailboxId?: string): void;
}

export const createStore = ({ clock, directory, bodies, settings }: StoreSetting): Store => {
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

  const enter = (message: Message, state: MessageState) => {
    message.state = state;
    message.stateAt = clock.now();
  };

  const leave = (message: Message) => {
    if (message.recipient === undefined) return;
    const left = (inboxes.get(message.recipient) ?? []).filter((other) => other !== message);
    inboxes.set(message.recipient, left);
  };

  const removeParts = (message: Message) => {
    for (const part of message.parts) if (part) bodies.remove(part.body);
    message.parts = [];
  };

  const keep = (fields: NewMessage & Pick<Message, 'type' | 'state'>, parts: readonly Part[]): Message => {
    const now = clock.now();
    const message: Message = { ...fields, id: newMessageId(now), acceptedAt: now, stateAt: now, parts: [...parts] };
    messages.set(message.id, message);
    later(settings.deletionMs, () => {
      leave(message);
      removeParts(message);
      message.deleted = true;
    });
    return message;
  };

  const arrive = (message: Message, mailboxId: string) => {
    const deliveredAt = clock.now();
    Object.assign(message, { recipient: mailboxId, deliveredAt, sequence: ++sequence });
    const inbox = inboxes.get(mailboxId);
    if (inbox) inbox.push(message);
    else inboxes.set(mailboxId, [message]);
    const { expiryMs } = settings;
    const uncollected = `Message not collected by recipient after ${Math.round(expiryMs / 86_400_000)} days`;
    later(expiryMs, () => {
      if (message.state !== 'accepted' || message.deliveredAt !== deliveredAt) return;
      leave(message);
      fail(message, '14', uncollected);
    });
  };

  const fail = (message: Message, code: string, description: string) => {
    enter(message, 'undeliverable');
    message.failure = { code, event: 'SEND', description };
    if (message.from === undefined || message.type === 'REPORT') return;
    const { 'mex-localid': localId, 'mex-subject': subject } = message.headers;
    report({
      mailboxId: message.from,
      code,
      description,
      linkedMessageId: message.id,
      workflowId: message.workflowId,
      mexTo: settings.reportAddressedTo === 'sender' ? message.from : (message.recipient ?? message.mexTo),
      ...(localId === undefined ? {} : { localId }),
      ...(subject === undefined ? {} : { subject }),
    });
  };

  const settle = (message: Message) => {
    const sender = directory.mailbox(message.from ?? '');
    if (sender && !mayUse(sender, message.workflowId)) {
      later(settings.reportDelayMs, () => fail(message, '16', 'Sender not allowed to send this workflow'));
      return;
    }
    const to = route(message.mexTo, message.workflowId, directory);
    if (to.kind !== 'mailbox') later(settings.reportDelayMs, () => fail(message, to.code, to.description));
    else if (settings.deliveryDelayMs > 0) later(settings.deliveryDelayMs, () => arrive(message, to.mailboxId));
    else arrive(message, to.mailboxId);
  };

  const completeIfWhole = (message: Message) => {
    for (let i = 0; i < message.total; i++) if (!message.parts[i]) return;
    enter(message, 'accepted');
    sentMessages.push(message);
    settle(message);
  };

  const report = (wanted: ReportOf): Message => {
    const headers = {
      'mex-statusevent': wanted.event ?? 'SEND',
      'mex-statuscode': wanted.code,
      ...(wanted.description === undefined ? {} : { 'mex-statusdescription': wanted.description }),
      ...(wanted.linkedMessageId === undefined ? {} : { 'mex-linkedmsgid': wanted.linkedMessageId }),
      ...(wanted.localId === undefined ? {} : { 'mex-localid': wanted.localId }),
      ...(wanted.subject === undefined ? {} : { 'mex-subject': wanted.subject }),
      ...(wanted.fileName === undefined ? {} : { 'mex-filename': wanted.fileName }),
    };
    const mexTo = wanted.mexTo ?? wanted.mailboxId;
    const workflowId = wanted.workflowId ?? '';
    const message = keep({ type: 'REPORT', mexTo, workflowId, headers, total: 0, state: 'accepted' }, []);
    arrive(message, wanted.mailboxId);
    return message;
  };

  return {
    find: (id) => messages.get(id.toUpperCase()),
    inbox: (mailboxId) => inboxes.get(mailboxId) ?? [],
    sent: () => sentMessages,
    underLocalId: (from, localId) =>
      [...messages.values()].filter(
        (message) => message.type === 'DATA' && message.from === from && message.headers['mex-localid'] === localId,
      ),
    begin(fields, first) {
      const message = keep({ ...fields, type: 'DATA', state: 'uploading' }, [first]);
      completeIfWhole(message);
      return message;
    },
    addPart(message, part, content) {
      const before = message.parts[part - 1];
      if (before) bodies.remove(before.body);
      message.parts[part - 1] = content;
      completeIfWhole(message);
    },
    acknowledge(message) {
      if (message.state !== 'accepted') return;
      enter(message, 'acknowledged');
      leave(message);
    },
    setState(message, state, failure) {
      leave(message);
      enter(message, state);
      if (failure) message.failure = failure;
      else delete message.failure;
      if (state === 'accepted' && message.recipient !== undefined) arrive(message, message.recipient);
    },
    report,
    deliver(mailboxId, fields, parts) {
      const message = keep({ ...fields, type: 'DATA', state: 'accepted' }, parts);
      arrive(message, mailboxId);
      return message;
    },
    reset(mailboxId) {
      if (mailboxId !== undefined) {
        for (const message of inboxes.get(mailboxId) ?? []) {
          removeParts(message);
          messages.delete(message.id);
        }
        inboxes.delete(mailboxId);
        return;
      }
      for (const disarm of timers) disarm();
      timers.clear();
      for (const message of messages.values()) removeParts(message);
      messages.clear();
      inboxes.clear();
      sentMessages.length = 0;
    },
  };
};
