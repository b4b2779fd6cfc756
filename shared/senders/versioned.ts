import { isDeepStrictEqual } from 'node:util';
import type { RegistryAuditEntry } from '../audit/entry.ts';
import { withPending } from '../audit/pending.ts';

/** Who changed something, when (epoch ms), and why. */
export interface Changed {
  readonly at: number;
  readonly by: string;
  readonly why?: string;
}

/** Something that a person did about a sender or a mailbox. */
export interface RegistryEntry extends Changed {
  readonly what: string;
}

/** One version of a setting, kept for good as an item of its own once another has taken its place. */
export interface Version<S> {
  readonly setting: S;
  /** 1 for the first; 0 for one that was put before versions were kept. */
  readonly version: number;
  readonly changedAt: number;
  readonly changedBy: string;
  readonly why?: string;
}

/** A sender or a mailbox: its setting as it stands, whether it is paused, and what people did, newest last. */
export interface Versioned<S> extends Version<S> {
  /** Nothing of it is sent, and nothing polled, until somebody resumes it. */
  readonly paused?: Changed;
  readonly history: readonly RegistryEntry[];
  readonly journal?: RegistryJournal;
}

/** Entries of the archive: how many there were, and those that are still to be written there. */
export interface RegistryJournal {
  readonly entries: number;
  readonly pending: readonly RegistryAuditEntry[];
}

/** The versions have everything of the settings; this is what people did beside. */
const historyLimit = 100;

export const withWhat = <T extends { readonly history: readonly RegistryEntry[]; readonly journal?: RegistryJournal }>(
  item: T,
  what: string,
  { at, by, why }: Changed,
  /** As it was put, where that is what was done. */
  setting?: unknown,
): T => {
  const { entries, pending } = item.journal ?? { entries: 0, pending: [] };
  const said = why === undefined ? {} : { why };
  const entry: RegistryAuditEntry = {
    sequence: entries + 1,
    at,
    kind: 'changed',
    what,
    ...said,
    actor: { kind: 'person', id: by },
    ...(setting === undefined ? {} : { setting }),
  };
  return {
    ...item,
    history: [...item.history, { at, by, ...said, what }].slice(-historyLimit),
    journal: { entries: entries + 1, pending: withPending(pending, entry) },
  };
};

/** The next version of a setting; `undefined` where it is what stands already. */
export const nextVersion = <S>(
  stored: Versioned<S> | undefined,
  setting: S,
  changed: Changed,
): Versioned<S> | undefined => {
  if (stored && isDeepStrictEqual(stored.setting, setting)) return undefined;
  const { at, by, why } = changed;
  const version = (stored?.version ?? 0) + 1;
  const { why: _, ...rest } = stored ?? { history: [] };
  const next: Versioned<S> = {
    ...rest,
    setting,
    version,
    changedAt: at,
    changedBy: by,
    ...(why === undefined ? {} : { why }),
  };
  return withWhat(next, `version ${version}`, changed, setting);
};

/** What of it is kept when another version takes its place. */
export const versionOf = <S>({ setting, version, changedAt, changedBy, why }: Version<S>): Version<S> => ({
  setting,
  version,
  changedAt,
  changedBy,
  ...(why === undefined ? {} : { why }),
});

/** One that was put before versions were kept lies as its bare setting: somebody put it, nobody knows when. */
export const unversioned = <S>(setting: S): Versioned<S> => ({
  setting,
  version: 0,
  changedAt: 0,
  changedBy: 'not recorded',
  history: [],
});
