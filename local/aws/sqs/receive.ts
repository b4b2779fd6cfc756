import { randomUUID } from 'node:crypto';
import { hours, seconds } from '../../../shared/platform/clock.ts';
import { ServiceError } from '../service.ts';
import type { Message } from './message.ts';
import { expire, type Queue, wake } from './queue.ts';
import { redrivePolicyOf } from './queue-attributes.ts';

export interface ReceiveOptions {
  readonly max: number;
  readonly visibilityTimeoutSeconds: number;
  /** Moves a message that was received too often to its dead-letter queue; false where that queue is gone. */
  bury(message: Message, targetArn: string): boolean;
}

/** The messages of a FIFO queue that may be handed out, in order: none of a group that somebody holds a message of. */
function* orderedCandidates(queue: Queue, now: number): Generator<Message> {
  const held = new Set<string | undefined>();
  for (const message of queue.messages.values()) {
    if (message.visibleAt > now && message.receiveCount > 0) held.add(message.groupId);
  }
  for (const message of queue.messages.values()) {
    if (message.visibleAt > now) held.add(message.groupId);
    else if (!held.has(message.groupId)) yield message;
  }
}

/**
 * The messages of a standard queue that may be handed out, groups taking turns, so that a group with a long backlog
 * keeps no other waiting. Messages without a group are a group of their own; within a group the oldest comes first.
 */
function* fairCandidates(queue: Queue, now: number): Generator<Message> {
  const backlog = new Map<string, Message[]>();
  const present = new Set<string>();
  for (const message of queue.messages.values()) {
    const group = message.groupId ?? '';
    present.add(group);
    if (message.visibleAt > now) continue;
    const waiting = backlog.get(group);
    if (waiting) waiting.push(message);
    else backlog.set(group, [message]);
  }
  for (const group of queue.turns.keys()) if (!present.has(group)) queue.turns.delete(group);
  for (const waiting of backlog.values()) waiting.reverse();
  while (backlog.size > 0) {
    let next: string | undefined;
    for (const group of backlog.keys()) {
      if (next === undefined || (queue.turns.get(group) ?? 0) < (queue.turns.get(next) ?? 0)) next = group;
    }
    if (next === undefined) return;
    const waiting = backlog.get(next);
    const message = waiting?.pop();
    if (!waiting?.length) backlog.delete(next);
    if (message) yield message;
  }
}

/** Hands out up to `max` visible messages and hides them; what was received too often is buried instead. */
export const receive = (queue: Queue, now: number, options: ReceiveOptions): Message[] => {
  expire(queue, now);
  const redrive = redrivePolicyOf(queue.attributes);
  const taken: Message[] = [];
  const candidates = queue.fifo ? orderedCandidates(queue, now) : fairCandidates(queue, now);
  for (const message of candidates) {
    if (taken.length >= options.max) break;
    if (redrive && message.receiveCount >= redrive.maxReceiveCount) {
      if (options.bury(message, redrive.deadLetterTargetArn)) continue;
    }
    message.receiveCount++;
    message.firstReceivedAt ??= now;
    message.lastReceivedAt = now;
    message.visibleAt = now + seconds(options.visibilityTimeoutSeconds);
    message.receiptHandle = Buffer.from(`${queue.name}/${message.id}/${randomUUID()}`).toString('base64');
    queue.turn++;
    if (!queue.fifo) queue.turns.set(message.groupId ?? '', queue.turn);
    taken.push(message);
  }
  return taken;
};

/** When the next hidden message becomes visible; Infinity where none is hidden. */
export const nextVisibleAt = (queue: Queue, now: number): number => {
  let next = Number.POSITIVE_INFINITY;
  for (const { visibleAt } of queue.messages.values()) if (visibleAt > now && visibleAt < next) next = visibleAt;
  return next;
};

/**
 * The message that a receipt handle stands for; undefined where it is no longer in the queue. On a FIFO queue only the
 * latest handle counts, and only while its holder's time runs.
 */
const messageOf = (queue: Queue, receiptHandle: string, now: number): Message | undefined => {
  const [name, id, ...rest] = Buffer.from(receiptHandle, 'base64').toString('utf8').split('/');
  if (name !== queue.name || id === undefined || rest.length !== 1) {
    throw new ServiceError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 404);
  }
  const message = queue.messages.get(id);
  if (message && queue.fifo && (message.receiptHandle !== receiptHandle || message.visibleAt <= now)) {
    throw new ServiceError(
      'InvalidParameterValue',
      'The value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.',
    );
  }
  return message;
};

export const remove = (queue: Queue, now: number, receiptHandle: string): void => {
  const message = messageOf(queue, receiptHandle, now);
  if (!message) return;
  queue.messages.delete(message.id);
  // The next of the group may be handed out now.
  if (queue.fifo) wake(queue);
};

export const changeVisibility = (queue: Queue, now: number, receiptHandle: string, timeoutSeconds: number): void => {
  if (timeoutSeconds < 0 || timeoutSeconds > 43_200) {
    throw new ServiceError('InvalidParameterValue', `VisibilityTimeout ${timeoutSeconds} is not 0 to 43200.`);
  }
  const message = messageOf(queue, receiptHandle, now);
  if (!message) {
    throw new ServiceError(
      'InvalidParameterValue',
      'Message does not exist or is not available for visibility change.',
    );
  }
  if (message.visibleAt <= now) throw new ServiceError('MessageNotInflight', "The message isn't in flight.");
  const visibleAt = now + seconds(timeoutSeconds);
  if (visibleAt - (message.lastReceivedAt ?? now) > hours(12)) {
    throw new ServiceError('InvalidParameterValue', 'Total VisibilityTimeout is beyond the limit of 43200 seconds.');
  }
  message.visibleAt = visibleAt;
  wake(queue);
};
