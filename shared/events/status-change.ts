import { attentionOf } from '../delivery/attention.ts';
import type { AttentionCode } from '../delivery/attention-codes.ts';
import { currentComposition, type DocumentRecord } from '../delivery/record.ts';
import { stateOf } from '../delivery/state-of.ts';
import type { Mover, State } from '../delivery/states.ts';
import { whoseMove } from '../delivery/whose-move.ts';

/** What others go by, as it stood after one change of a record. Times are epoch ms. No patient data. */
export interface StatusChange {
  /** Of the document's events: 1, 2, 3 … without a gap. */
  readonly sequence: number;
  readonly at: number;
  readonly state: State;
  readonly previousState?: State;
  readonly whoseMove: Mover;
  /** Why it needs a person, most pressing first; empty where it needs none. */
  readonly attention: readonly AttentionCode[];
  readonly composition: number;
  /** The practice's and MESH's codes to that composition. */
  readonly infrastructureCode?: string;
  readonly businessCode?: string;
  readonly reportCode?: string;
  readonly possibleDuplicate?: true;
}

const attentionCodesOf = (record: DocumentRecord): readonly AttentionCode[] => [
  ...new Set(attentionOf(record).map(({ code }) => code)),
];

/** The change that others are told of; `undefined` where neither the state nor what needs a person is another. */
export const statusChange = (
  before: DocumentRecord | undefined,
  after: DocumentRecord,
  sequence: number,
  at: number,
): StatusChange | undefined => {
  const state = stateOf(after);
  const attention = attentionCodesOf(after);
  const previousState = before && stateOf(before);
  if (before && previousState === state && attentionCodesOf(before).join() === attention.join()) return undefined;
  const { number, infrastructure, business, report, possibleDuplicate } = currentComposition(after);
  return {
    sequence,
    at,
    state,
    ...(previousState === undefined ? {} : { previousState }),
    whoseMove: whoseMove(after),
    attention,
    composition: number,
    ...(infrastructure ? { infrastructureCode: infrastructure.code } : {}),
    ...(business ? { businessCode: business.code } : {}),
    ...(report ? { reportCode: report.code } : {}),
    ...(possibleDuplicate ? { possibleDuplicate: true } : {}),
  };
};
