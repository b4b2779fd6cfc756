import type { Context } from 'aws-lambda';
import { type WatchContext, watch } from '../../shared/pipeline/watch/watch.ts';

export const watchHandler =
  (context: Omit<WatchContext, 'deadline'>) =>
  async (_event: unknown, invocation: Context): Promise<void> => {
    try {
      await watch({ ...context, deadline: context.clock.now() + invocation.getRemainingTimeInMillis() });
    } finally {
      context.measure.flush();
    }
  };
