import type { RegistryAuditEntry } from './entry.ts';
import { withPending } from './pending.ts';

/** Who changed something, when (epoch ms), and why. */
export interface Changed {
  readonly at: number;
  readonly by: string;
  readonly why?: string;
  /** Nobody did: this system found out. */
  readonly bySystem?: true;
}

/**
 * What people did to an item that is no document, on its way to the archive: how many entries there were, and those that
 * are still to be written there. In the same write as what they did, so that neither is without the other.
 */
export interface RegistryJournal {
  readonly entries: number;
  readonly pending: readonly RegistryAuditEntry[];
}

/** One entry more. `setting`: as it was put, where that is what was done. */
export const withRegistryEntry = (
  journal: RegistryJournal | undefined,
  what: string,
  { at, by, why, bySystem }: Changed,
  setting?: unknown,
): RegistryJournal => {
  const { entries, pending } = journal ?? { entries: 0, pending: [] };
  const entry: RegistryAuditEntry = {
    sequence: entries + 1,
    at,
    kind: 'changed',
    what,
    ...(why === undefined ? {} : { why }),
    actor: bySystem ? { kind: 'system' } : { kind: 'person', id: by },
    ...(setting === undefined ? {} : { setting }),
  };
  return { entries: entries + 1, pending: withPending(pending, entry) };
};

/** Entries wait to be written to the archive: `watch` does so at its next minute. */
export const toBeWritten = ({ journal }: { readonly journal?: RegistryJournal }): boolean =>
  (journal?.pending.length ?? 0) > 0;
