import { ServiceError } from '../service.ts';

interface Failure {
  readonly Id: string;
  readonly SenderFault: boolean;
  readonly Code: string;
  readonly Message: string;
}

/** Runs each entry by itself: what SQS refuses is listed as failed, the rest is done. Throws for a malformed batch. */
export const inBatch = <E extends { readonly Id: string }, R extends object>(
  entries: readonly E[],
  run: (entry: E) => R,
): { Successful: (R & { Id: string })[]; Failed?: Failure[] } => {
  if (entries.length === 0) {
    throw new ServiceError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (entries.length > 10) {
    throw new ServiceError('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.');
  }
  if (new Set(entries.map((entry) => entry.Id)).size < entries.length) {
    throw new ServiceError('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.');
  }
  if (entries.some((entry) => !/^[A-Za-z0-9_-]{1,80}$/.test(entry.Id))) {
    throw new ServiceError(
      'InvalidBatchEntryId',
      'A batch entry id has 1 to 80 letters, digits, hyphens, underscores.',
    );
  }
  const done: (R & { Id: string })[] = [];
  const failed: Failure[] = [];
  for (const entry of entries) {
    try {
      done.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful: done, ...(failed.length > 0 ? { Failed: failed } : {}) };
};
