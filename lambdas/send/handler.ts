import type { SendContext } from '../../shared/pipeline/send/context.ts';
import { sendDocument } from '../../shared/pipeline/send/send-document.ts';
import type { Redelivery } from '../../shared/platform/queue.ts';
import { outboxMessage } from '../../shared/platform/queue-messages.ts';
import { processBatch } from '../../shared/platform/sqs-batch.ts';

export const sendHandler = (context: Omit<SendContext, 'deadline'> & { readonly redelivery: Redelivery }) =>
  processBatch(context, outboxMessage, (message, invocation) =>
    sendDocument({ ...context, deadline: context.clock.now() + invocation.getRemainingTimeInMillis() }, message),
  );
