import { randomUUID } from 'node:crypto';
import { seconds } from '../../../shared/platform/clock.ts';
import { ServiceError, type ServiceSetting } from '../service.ts';
import type { Message, MessageAttribute, MessageAttributes } from './message.ts';
import { accept, createQueue, depthOf, type Queue, type QueueDepth, wake } from './queue.ts';
import { checkAttributes, type QueueAttributes, redrivePolicyOf } from './queue-attributes.ts';
import { nextVisibleAt, receive } from './receive.ts';

/** How one part of the machine puts a message on a queue without HTTP. A plain string is a String attribute. */
export interface DeliveryOptions {
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly attributes?: Readonly<Record<string, string | MessageAttribute>>;
}

export interface MoveTask {
  readonly TaskHandle: string;
  readonly Status: 'COMPLETED';
  readonly SourceArn: string;
  readonly DestinationArn?: string;
  readonly ApproximateNumberOfMessagesMoved: number;
  readonly ApproximateNumberOfMessagesToMove: number;
  readonly StartedTimestamp: number;
}

/** All queues of one service, and what goes on between them. */
export interface Broker {
  arnOf(name: string): string;
  all(): Queue[];
  /** Throws QueueDoesNotExist. */
  named(name: string): Queue;
  byArn(arn: string): Queue | undefined;
  create(name: string, attributes: QueueAttributes): Queue;
  configure(queue: Queue, attributes: QueueAttributes): void;
  remove(queue: Queue): void;
  /** Waits up to `waitSeconds` for messages; ends empty when `gone` aborts, the queue goes or the service closes. */
  poll(queue: Queue, request: PollRequest): Promise<Message[]>;
  /** Moves what is visible in a dead-letter queue to where it came from, or to `destinationArn`. */
  startMove(sourceArn: string, destinationArn?: string): MoveTask;
  moves(sourceArn: string): readonly MoveTask[];
  /** False where there is no such queue, or it does not take such a message. */
  deliver(queueArn: string, body: string, options?: DeliveryOptions): boolean;
  depth(queueArn: string): QueueDepth | undefined;
  /** Ends every long poll. */
  close(): void;
}

export interface PollRequest {
  readonly max: number;
  readonly waitSeconds: number;
  readonly visibilityTimeoutSeconds: number;
  readonly gone: AbortSignal;
}

const queueName = /^[A-Za-z0-9_-]{1,80}$/;
const invalid = (reason: string) => new ServiceError('InvalidParameterValue', reason);
const missing = () => new ServiceError('QueueDoesNotExist', 'The specified queue does not exist.');

const typed = (attributes: DeliveryOptions['attributes'] = {}): MessageAttributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? { DataType: 'String', StringValue: value } : value,
    ]),
  );

/** The same message in another queue, as if it had come there first: nobody has received it. */
const restarted = (message: Message, now: number, change: Partial<Message>): Message => ({
  id: message.id,
  body: message.body,
  attributes: message.attributes,
  senderId: message.senderId,
  sentAt: message.sentAt,
  visibleAt: now,
  receiveCount: 0,
  ...(message.traceHeader === undefined ? {} : { traceHeader: message.traceHeader }),
  ...(message.groupId === undefined ? {} : { groupId: message.groupId }),
  ...(message.deduplicationId === undefined ? {} : { deduplicationId: message.deduplicationId }),
  ...(message.sequenceNumber === undefined ? {} : { sequenceNumber: message.sequenceNumber }),
  ...change,
});

export const createBroker = ({ clock, region, account }: ServiceSetting): Broker => {
  const queues = new Map<string, Queue>();
  const tasks = new Map<string, MoveTask[]>();
  let closed = false;

  const arnOf = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;
  const byArn = (arn: string) => [...queues.values()].find((queue) => queue.arn === arn);

  const checkRedrive = (name: string, attributes: QueueAttributes) => {
    const policy = redrivePolicyOf(attributes);
    if (!policy) return;
    const target = byArn(policy.deadLetterTargetArn);
    if (!target)
      throw invalid('Value for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.');
    if (target.fifo !== name.endsWith('.fifo')) {
      throw invalid(
        'Value for parameter RedrivePolicy is invalid. Reason: Dead letter target must be of the same type.',
      );
    }
  };

  const create = (name: string, attributes: QueueAttributes): Queue => {
    const fifo = attributes.FifoQueue === 'true';
    if (!queueName.test(fifo ? name.replace(/\.fifo$/, '') : name) || fifo !== name.endsWith('.fifo')) {
      throw invalid('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    }
    checkAttributes(attributes);
    checkRedrive(name, attributes);
    const old = queues.get(name);
    if (old) {
      const differs = Object.entries(attributes).find(([key, value]) => old.attributes[key] !== value);
      if (differs) {
        throw new ServiceError(
          'QueueNameExists',
          `A queue already exists with the same name and a different value for attribute ${differs[0]}`,
        );
      }
      return old;
    }
    const queue = createQueue(name, arnOf(name), attributes, clock.now());
    queues.set(name, queue);
    return queue;
  };

  const configure = (queue: Queue, attributes: QueueAttributes) => {
    const changed = { ...queue.attributes, ...attributes };
    if ('FifoQueue' in attributes && attributes.FifoQueue !== queue.attributes.FifoQueue) {
      throw new ServiceError('InvalidAttributeName', 'FifoQueue can only be set when a queue is created.');
    }
    // An empty policy removes the policy.
    const kept = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== ''));
    checkAttributes(kept);
    checkRedrive(queue.name, kept);
    queue.attributes = kept;
    queue.modifiedAt = clock.now();
  };

  const remove = (queue: Queue) => {
    queues.delete(queue.name);
    wake(queue);
  };

  const bury = (source: Queue) => (message: Message, targetArn: string) => {
    const target = byArn(targetArn);
    if (!target) return false;
    const now = clock.now();
    source.messages.delete(message.id);
    // The retention of a standard queue's message keeps running from when it was first sent; a FIFO one starts afresh.
    const sentAt = source.fifo ? now : message.sentAt;
    target.messages.set(message.id, restarted(message, now, { sentAt, deadLetterSourceArn: source.arn }));
    wake(target);
    return true;
  };

  const changed = (queue: Queue, until: number, gone: AbortSignal) =>
    new Promise<void>((resolve) => {
      const done = () => {
        disarm();
        queue.waiters.delete(done);
        gone.removeEventListener('abort', done);
        resolve();
      };
      const disarm = clock.at(until, done);
      queue.waiters.add(done);
      gone.addEventListener('abort', done, { once: true });
    });

  const poll = async (queue: Queue, request: PollRequest): Promise<Message[]> => {
    const deadline = clock.now() + seconds(request.waitSeconds);
    for (;;) {
      if (closed || request.gone.aborted) return [];
      if (queues.get(queue.name) !== queue) throw missing();
      const now = clock.now();
      const { max, visibilityTimeoutSeconds } = request;
      const messages = receive(queue, now, { max, visibilityTimeoutSeconds, bury: bury(queue) });
      if (messages.length > 0 || now >= deadline) return messages;
      await changed(queue, Math.min(deadline, nextVisibleAt(queue, now)), request.gone);
    }
  };

  const startMove = (sourceArn: string, destinationArn?: string): MoveTask => {
    const source = byArn(sourceArn);
    if (!source) throw new ServiceError('ResourceNotFoundException', 'The source queue does not exist.', 404);
    const feeds = (queue: Queue) => redrivePolicyOf(queue.attributes)?.deadLetterTargetArn === sourceArn;
    if (![...queues.values()].some(feeds)) throw invalid('Source queue must be configured as a Dead Letter Queue.');
    if (destinationArn !== undefined && !byArn(destinationArn)) {
      throw new ServiceError('ResourceNotFoundException', 'The destination queue does not exist.', 404);
    }
    const now = clock.now();
    const waiting = [...source.messages.values()].filter((message) => message.visibleAt <= now);
    let moved = 0;
    for (const message of waiting) {
      const target = byArn(destinationArn ?? message.deadLetterSourceArn ?? '');
      if (!target || target.fifo !== source.fifo) continue;
      source.messages.delete(message.id);
      const id = randomUUID();
      target.messages.set(id, restarted(message, now, { id, sentAt: now }));
      wake(target);
      moved++;
    }
    const task: MoveTask = {
      TaskHandle: Buffer.from(randomUUID()).toString('base64'),
      Status: 'COMPLETED',
      SourceArn: sourceArn,
      ...(destinationArn === undefined ? {} : { DestinationArn: destinationArn }),
      ApproximateNumberOfMessagesMoved: moved,
      ApproximateNumberOfMessagesToMove: waiting.length,
      StartedTimestamp: now,
    };
    tasks.set(sourceArn, [task, ...(tasks.get(sourceArn) ?? [])].slice(0, 10));
    return task;
  };

  const deliver = (queueArn: string, body: string, options: DeliveryOptions = {}): boolean => {
    const queue = byArn(queueArn);
    if (!queue) return false;
    const { groupId, deduplicationId } = options;
    try {
      accept(queue, clock.now(), {
        body,
        attributes: typed(options.attributes),
        groupId,
        deduplicationId,
        senderId: account,
      });
      return true;
    } catch (error) {
      if (error instanceof ServiceError) return false;
      throw error;
    }
  };

  return {
    arnOf,
    byArn,
    create,
    configure,
    remove,
    poll,
    startMove,
    deliver,
    all: () => [...queues.values()],
    named: (name) => {
      const queue = queues.get(name);
      if (!queue) throw missing();
      return queue;
    },
    moves: (sourceArn) => tasks.get(sourceArn) ?? [],
    depth: (queueArn) => {
      const queue = byArn(queueArn);
      return queue && depthOf(queue, clock.now());
    },
    close: () => {
      closed = true;
      for (const queue of queues.values()) wake(queue);
    },
  };
};
