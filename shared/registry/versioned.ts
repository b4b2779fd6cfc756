import { isDeepStrictEqual } from 'node:util';
import { type Changed, type RegistryJournal, withRegistryEntry } from '../audit/registry-journal.ts';

export type { Changed };

/** Something that a person did about a sender, a mailbox or a client. */
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

/** A sender, a mailbox or a client: its setting as it stands, whether it is paused, and what people did, newest last. */
export interface Versioned<S> extends Version<S> {
  /** Nothing of it is sent, and nothing polled, until somebody resumes it. */
  readonly paused?: Changed;
  readonly history: readonly RegistryEntry[];
  readonly journal?: RegistryJournal;
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
  const changed: Changed = { at, by, ...(why === undefined ? {} : { why }) };
  return {
    ...item,
    history: [...item.history, { ...changed, what }].slice(-historyLimit),
    journal: withRegistryEntry(item.journal, what, changed, setting),
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
