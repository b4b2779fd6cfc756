import type { DeliveryEvent } from './events.ts';
import type { Composition, DocumentRecord } from './record.ts';
import { releaseLast } from './reduce-sending.ts';
import { edit, noOp, type Reduction } from './reduction.ts';
import { answeredState, doubtfulAttempt, stateOf } from './state-of.ts';
import type { Work } from './work.ts';

/** Codes that leave ACCEPTED as it is: success, both positive business answers, and "you sent it twice". */
const harmlessAfterAccepted = new Set(['20013', '30001', '30004', '20007', '20008']);
const duplicateCodes = new Set(['20007', '20008']);

type Acknowledged = Extract<DeliveryEvent, { kind: 'acknowledged' }>;

const alreadyThere = (composition: Composition, event: Acknowledged): boolean =>
  composition[event.level]?.code === event.acknowledgement.code;

/** An answer ends a doubt: MESH did take it. Later versions may go, and what was sent is kept. */
const endsDoubt = (composition: Composition, at: number): Work =>
  doubtfulAttempt(composition) ? { archive: [composition.number], ...releaseLast(composition, at) } : {};

/** An acknowledgement belongs to the composition that it answers, whichever is current (DESIGN 3). */
export const reduceAcknowledged = (record: DocumentRecord, event: Acknowledged, at: number): Reduction => {
  const composition = record.compositions.find((one) => one.messageHeaderId === event.messageHeaderId);
  if (!composition) return noOp('answers-no-composition');
  if (alreadyThere(composition, event)) return noOp('duplicate-acknowledgement');
  const { acknowledgement, level } = event;
  const { code, polarity } = acknowledgement;
  // What became of it through another version is told beside: here its own answers are judged.
  const state = answeredState(composition);
  const late = record.overdueSince !== undefined || state === 'SEND_FAILED' || state === 'UNDELIVERED';
  const withAnswer: Composition = {
    ...composition,
    [level]: { ...acknowledgement, ...(late ? { late: true } : {}) },
  };
  const detail = `${code}${composition.number === record.compositions.length ? '' : ` for composition ${composition.number}`}`;
  const recordOnly = (what: string) => edit(record, at, { what, detail, work: endsDoubt(composition, at) });
  // 20014 to what replaces: the practice marks the version before as bad as well (GPCM-SD-127, 128).
  const failedReplacement = code === '20014' && composition.replaces !== undefined;
  const told: Work = composition.predecessor
    ? {
        ...(failedReplacement ? { voidPredecessor: [composition.number] } : {}),
        ...(level === 'business' && polarity === 'positive' ? { markReplaced: [composition.number] } : {}),
      }
    : {};
  const apply = (what: string) => {
    const { overdueSince: _, ...rest } = record;
    const cleared = { ...rest, holds: record.holds.filter(({ reason }) => reason !== 'doubt') };
    return edit(cleared, at, {
      what: late ? `${what}, late` : what,
      detail,
      composition: withAnswer,
      work: { ...endsDoubt(composition, at), ...told },
    });
  };
  const contradicts = () =>
    edit(record, at, {
      what: 'contradicted',
      detail,
      record: { contradiction: record.contradiction ?? { at, code, was: stateOf(record) } },
      work: endsDoubt(composition, at),
    });

  if (record.contradiction) return recordOnly('acknowledged after a contradiction');
  if (duplicateCodes.has(code) && composition.possibleDuplicate) return recordOnly('a second copy arrived');
  switch (state) {
    case 'ACCEPTED':
      if (!harmlessAfterAccepted.has(code)) return contradicts();
      return level === 'infrastructure' && !composition.infrastructure && code === '20013'
        ? apply('infrastructure acknowledged')
        : recordOnly('acknowledged again');
    case 'INFRASTRUCTURE_REJECTED':
    case 'BUSINESS_REJECTED':
      // Refused in two ways: the one that reaches further counts.
      if (failedReplacement) return apply('replacement failed: null and void');
      return level === 'business' && polarity === 'positive' ? contradicts() : recordOnly('acknowledged again');
    default:
      return apply(
        level === 'infrastructure'
          ? polarity === 'positive'
            ? 'infrastructure acknowledged'
            : failedReplacement
              ? 'replacement failed: null and void'
              : 'infrastructure rejected'
          : polarity === 'positive'
            ? 'accepted'
            : 'business rejected',
      );
  }
};

export const reduceReported = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'reported' }>,
  at: number,
): Reduction => {
  const composition = record.compositions.find(
    (one) =>
      one.meshMessageId === event.meshMessageId ||
      one.attempts.some(({ outcome }) => outcome?.kind === 'sent' && outcome.meshMessageId === event.meshMessageId),
  );
  if (!composition) return noOp('reports-no-composition');
  if (composition.report?.inboundMessageId === event.report.inboundMessageId) return noOp('duplicate-report');
  const detail = `${event.report.code}${event.report.event ? ` ${event.report.event}` : ''}`;
  const answered = composition.business !== undefined || composition.infrastructure !== undefined;
  // The practice has answered, so it arrived: kept as a fact, changes nothing.
  if (answered || composition.report) return edit(record, at, { what: 'MESH report recorded', detail });
  return edit({ ...record, holds: record.holds.filter(({ reason }) => reason !== 'doubt') }, at, {
    what: 'undelivered',
    detail,
    composition: { ...composition, report: event.report },
    work: endsDoubt(composition, at),
  });
};
