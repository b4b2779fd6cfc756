import { done } from '../../shared/delivery/disposition.ts';
import type { ComposeContext } from '../../shared/pipeline/compose/context.ts';
import { composeAgain, ingest } from '../../shared/pipeline/compose/ingest.ts';
import type { Redelivery } from '../../shared/platform/queue.ts';
import { composeMessage } from '../../shared/platform/queue-messages.ts';
import { processBatch } from '../../shared/platform/sqs-batch.ts';

export const composeHandler = (context: ComposeContext & { readonly redelivery: Redelivery }) =>
  processBatch(context, composeMessage, async (message) => {
    await ('composeAgain' in message ? composeAgain(context, message) : ingest(context, message));
    return done;
  });
