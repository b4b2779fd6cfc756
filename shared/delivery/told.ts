import { openConditions } from './attention.ts';
import type { AttentionCode } from './attention-codes.ts';
import type { DocumentRecord } from './record.ts';
import { mergeWork, type NoticeWork } from './work.ts';
import { afterWorkingDays, type BankHolidayExceptions } from './working-days.ts';

/** A condition that people were told of, or are about to be, and that has not ended since. */
export interface Told {
  readonly code: AttentionCode;
  /** Since when it is so: with the code, what makes it this condition and no later one. */
  readonly since: number;
  /** When it was found, epoch ms: from here a working day is counted. */
  readonly at: number;
  /** When it was told again, to whoever is named for that. */
  readonly escalatedAt?: number;
}

const same = (a: Pick<Told, 'code' | 'since'>, b: Pick<Told, 'code' | 'since'>): boolean =>
  a.code === b.code && a.since === b.since;

/**
 * Leaves a notice to be given of every condition that has begun and every one that has ended: each once, since what was
 * told stands on the record. Whatever changed the record, and however often, it comes to the same.
 */
export const withTold = (record: DocumentRecord, at: number): DocumentRecord => {
  const open = openConditions(record);
  const told = record.told ?? [];
  const begun = open.filter((one) => !told.some((other) => same(one, other)));
  const ended = told.filter((one) => !open.some((other) => same(one, other)));
  if (begun.length === 0 && ended.length === 0) return record;
  const { told: _, ...rest } = record;
  const standing: readonly Told[] = [
    ...told.filter((one) => !ended.includes(one)),
    ...begun.map(({ code, since }) => ({ code, since, at })),
  ];
  const notify: readonly NoticeWork[] = [
    ...begun.map(({ code, since }) => ({ kind: 'start' as const, code, since, at })),
    ...ended.flatMap(({ code, since, escalatedAt }): NoticeWork[] => [
      { kind: 'clear', code, since, at },
      // Whoever was told that it is still open hears of the end too.
      ...(escalatedAt === undefined ? [] : [{ kind: 'escalation-clear' as const, code, since, at }]),
    ]),
  ];
  return { ...rest, ...(standing.length > 0 ? { told: standing } : {}), work: mergeWork(record.work, { notify }) };
};

const escalationAt = ({ at }: Told, exceptions: BankHolidayExceptions | undefined): number =>
  afterWorkingDays(at, 1, exceptions);

/** What is open a working day after it was told is told once more. */
export const withEscalations = (
  record: DocumentRecord,
  at: number,
  exceptions: BankHolidayExceptions | undefined,
): DocumentRecord => {
  const due = (record.told ?? []).filter((one) => one.escalatedAt === undefined && escalationAt(one, exceptions) <= at);
  if (due.length === 0) return record;
  return {
    ...record,
    told: (record.told ?? []).map((one) => (due.includes(one) ? { ...one, escalatedAt: at } : one)),
    work: mergeWork(record.work, {
      notify: due.map(({ code, since }) => ({ kind: 'escalation' as const, code, since, at })),
    }),
  };
};

/** When the next condition is to be told again; `undefined` where none is. */
export const nextEscalationAt = (
  { told = [] }: DocumentRecord,
  exceptions: BankHolidayExceptions | undefined,
): number | undefined => {
  const times = told.filter((one) => one.escalatedAt === undefined).map((one) => escalationAt(one, exceptions));
  return times.length === 0 ? undefined : Math.min(...times);
};
