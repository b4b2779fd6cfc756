import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { errorText, type Log } from './log.ts';
import type { Measure } from './measure.ts';
import type { Redelivery } from './queue.ts';

/** What a message's own processing decided: gone, or to come back after a while. */
export type MessageDisposition = { readonly kind: 'done' } | { readonly kind: 'return'; readonly afterSeconds: number };

class ReturnToQueue extends Error {
  constructor() {
    super('The message goes back to its queue.');
    this.name = 'ReturnToQueue';
  }
}

/** Doubling from thirty seconds up to fifteen minutes, half of it jittered. `random` is in [0, 1). Seconds. */
const retryAfter = (receiveCount: number, random: number): number => {
  const full = Math.min(900, 30 * 2 ** Math.min(10, Math.max(0, receiveCount - 1)));
  return Math.ceil(full / 2 + (full / 2) * random);
};

interface BatchContext {
  readonly log: Log;
  readonly redelivery: Redelivery;
  readonly measure: Measure;
  readonly random?: () => number;
}

/**
 * The one place where an outcome becomes what happens to a message: `done` deletes it, `return` makes it visible again
 * when it says, a throw makes it visible after a while that grows, far sooner than the queue would by itself, which
 * must outlast the function; and one that cannot be decoded ends in the DLQ.
 */
export const processBatch = <S extends z.ZodType>(
  { log, redelivery, measure, random = () => 0.5 }: BatchContext,
  schema: S,
  take: (message: z.output<S>, context: Context) => Promise<MessageDisposition>,
) => {
  const processor = new BatchProcessor(EventType.SQS);
  const one = async (record: SQSRecord, context: Context): Promise<void> => {
    const decoded = schema.safeParse(jsonOf(record.body));
    if (!decoded.success) {
      measure.count('ItemsFailed');
      log.error('MESSAGE_UNREADABLE', { why: 'not a message of this queue' });
      throw new ReturnToQueue();
    }
    const disposition = await take(decoded.data, context).catch(async (error: unknown) => {
      measure.count('ItemsFailed');
      log.error('MESSAGE_FAILED', { error: errorText(error) });
      const after = retryAfter(Number(record.attributes?.ApproximateReceiveCount ?? 1), random());
      // Where even that fails, the queue's own time has to pass.
      await redelivery.returnAfter(record.eventSourceARN, record.receiptHandle, after).catch(() => undefined);
      throw error;
    });
    if (disposition.kind === 'done') return;
    await redelivery.returnAfter(record.eventSourceARN, record.receiptHandle, disposition.afterSeconds);
    throw new ReturnToQueue();
  };
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    try {
      return await processPartialResponse(event, (record: SQSRecord) => one(record, context), processor, {
        context,
        throwOnFullBatchFailure: false,
      });
    } finally {
      measure.flush();
    }
  };
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
