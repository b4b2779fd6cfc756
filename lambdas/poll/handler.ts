import { done } from '../../shared/delivery/disposition.ts';
import type { PollContext } from '../../shared/pipeline/poll/context.ts';
import { pollMailbox } from '../../shared/pipeline/poll/poll-mailbox.ts';
import type { Redelivery } from '../../shared/platform/queue.ts';
import { pollMessage } from '../../shared/platform/queue-messages.ts';
import { processBatch } from '../../shared/platform/sqs-batch.ts';

export const pollHandler = (context: Omit<PollContext, 'deadline'> & { readonly redelivery: Redelivery }) =>
  processBatch(context, pollMessage, async (message, invocation) => {
    await pollMailbox({ ...context, deadline: context.clock.now() + invocation.getRemainingTimeInMillis() }, message);
    return done;
  });
