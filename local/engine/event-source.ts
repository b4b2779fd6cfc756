import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { seconds } from '../../shared/platform/clock.ts';
import type { LocalClock } from '../clock.ts';
import type { FunctionPool } from './function-pool.ts';
import type { InvocationOutcome } from './invocation.ts';
import type { EventSourceDefinition } from './plan.ts';
import { doneWith, sqsEvent } from './sqs-event.ts';

const longestWaitSeconds = 20;
const mostPerReceive = 10;
/** Between two offers of a batch to a function that is throttled. */
const shortestHold = seconds(5);
const longestHold = seconds(60);

export interface EventSourceSetting {
  readonly definition: EventSourceDefinition;
  readonly pool: FunctionPool;
  readonly sqs: SQSClient;
  readonly clock: LocalClock;
  readonly region: string;
  /** Takes a sentence when the queue cannot be read or written. */
  warn(sentence: string): void;
}

export interface EventSource {
  /** Stops reading. Invocations under way are not waited for. */
  close(): Promise<void>;
}

/** Reads a queue for a function as Lambda's event source mapping does: one reader, as many batches at work as allowed. */
export const startEventSource = (setting: EventSourceSetting): EventSource => {
  const { definition, pool, sqs, clock, region } = setting;
  const { queueArn, batchSize, windowMs } = definition;
  const fifo = queueArn.endsWith('.fifo');
  const most = Math.min(definition.maximumConcurrency, pool.concurrency);
  const closing = new AbortController();
  let atWork = 0;
  let oneFinished = () => {};

  const receive = async (QueueUrl: string, room: number, waitSeconds: number): Promise<Message[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(mostPerReceive, room),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: closing.signal },
    );
    return Messages;
  };

  /** One batch: what is there at once, and what comes within the window. */
  const gather = async (url: string): Promise<Message[]> => {
    const batch = await receive(url, batchSize, longestWaitSeconds);
    const end = clock.now() + windowMs;
    while (batch.length > 0 && batch.length < batchSize && clock.now() < end) {
      const left = Math.ceil((end - clock.now()) / 1000);
      batch.push(...(await receive(url, batchSize - batch.length, Math.min(left, longestWaitSeconds))));
    }
    return batch;
  };

  const remove = async (QueueUrl: string, messages: readonly Message[]): Promise<void> => {
    for (let i = 0; i < messages.length; i += mostPerReceive) {
      const Entries = messages
        .slice(i, i + mostPerReceive)
        .map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }), { abortSignal: closing.signal });
    }
  };

  /** What the function is not let take is held back and offered again, until the queue hands it out anew anyway. */
  const offer = async (messages: Message[], visibleAgainAt: number): Promise<InvocationOutcome> => {
    const event = sqsEvent(messages, queueArn, region);
    for (let wait = shortestHold; ; wait = Math.min(2 * wait, longestHold)) {
      const outcome = await pool.invoke(event);
      const throttled = outcome.kind === 'dropped' && outcome.reason === 'throttled';
      if (!throttled || closing.signal.aborted || clock.now() + wait >= visibleAgainAt) return outcome;
      await clock.sleep(wait, closing.signal);
    }
  };

  const work = async (url: string, messages: Message[], visibleAgainAt: number): Promise<void> => {
    const outcome = await offer(messages, visibleAgainAt);
    const { reportsItemFailures } = definition;
    await remove(url, doneWith({ messages, reportsItemFailures, fifo }, outcome));
  };

  const fault = (what: string, error: unknown): void => {
    if (closing.signal.aborted) return;
    setting.warn(`${what} ${queueArn} failed: ${error instanceof Error ? error.message : String(error)}`);
  };

  const read = async (): Promise<void> => {
    const QueueName = queueArn.split(':').at(-1) ?? '';
    const { QueueUrl: url = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['VisibilityTimeout'] }),
    );
    const visibility = seconds(Number(Attributes?.VisibilityTimeout));
    while (!closing.signal.aborted) {
      if (atWork >= most) {
        await new Promise<void>((resolve) => {
          oneFinished = resolve;
        });
        continue;
      }
      try {
        const batch = await gather(url);
        const visibleAgainAt = clock.now() + visibility - windowMs;
        if (batch.length === 0) continue;
        atWork += 1;
        work(url, batch, visibleAgainAt)
          .catch((error) => fault('Deleting from', error))
          .finally(() => {
            atWork -= 1;
            oneFinished();
          });
      } catch (error) {
        fault('Reading', error);
        await clock.sleep(1000, closing.signal);
      }
    }
  };

  const reading = definition.enabled && most > 0 ? read().catch((error) => fault('Reading', error)) : Promise.resolve();
  return {
    async close() {
      closing.abort();
      oneFinished();
      await reading;
    },
  };
};
