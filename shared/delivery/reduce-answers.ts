import type { DeliveryEvent } from './events.ts';
import {
  type Acknowledgement,
  besideLimit,
  type Composition,
  currentComposition,
  type DocumentRecord,
  type MeshReport,
} from './record.ts';
import { releaseLast } from './reduce-sending.ts';
import { edit, noOp, type Reduction } from './reduction.ts';
import { wasSentAgain } from './resend.ts';
import { answeredState, doubtfulAttempt, undecided } from './state-of.ts';
import type { Work } from './work.ts';

/** Codes that leave ACCEPTED as it is: success, both positive business answers, and "you sent it twice". */
const harmlessAfterAccepted = new Set(['20013', '30001', '30004', '20007', '20008']);
const duplicateCodes = new Set(['20007', '20008']);

type Acknowledged = Extract<DeliveryEvent, { kind: 'acknowledged' }>;

/** Every answer that this composition ever had, whatever it came to. */
export const answersOf = (composition: Composition): readonly Acknowledgement[] =>
  [
    composition.infrastructure,
    composition.business,
    ...(composition.alsoAnswered ?? []),
    ...(composition.decidedContradictions ?? []).map(({ answer }) => answer),
    composition.contradiction?.answer,
  ].filter((answer) => answer !== undefined);

/** Those that can be the practice's: what came before anything was posted answers something else. */
const heardOf = (composition: Composition): readonly Acknowledgement[] =>
  answersOf(composition).filter(({ beforePosting }) => !beforePosting);

/** An answer ends a doubt: MESH did take it. Later versions may go, and what was sent is kept. */
const endsDoubt = (composition: Composition, at: number): Work =>
  doubtfulAttempt(composition) ? { archive: [composition.number], ...releaseLast(composition, at) } : {};

const beside = (composition: Composition, answer: Acknowledgement): Composition => ({
  ...composition,
  alsoAnswered: [...(composition.alsoAnswered ?? []), answer].slice(-besideLimit),
});

/** Nothing of it was ever posted: an answer to it cannot be. It is kept, and moves nothing. */
const neverPosted = ({ attempts }: Composition): boolean => attempts.length === 0;

/** What an answer that is heard for the first time is to a composition in this state. */
type Effect = 'applies' | 'beside' | 'contradicts';

const effectOf = (composition: Composition, event: Acknowledged): Effect => {
  const { level, acknowledgement } = event;
  const { code, polarity } = acknowledgement;
  const missing = composition[level] === undefined;
  if (neverPosted(composition)) return 'beside';
  // What became of it through another version is told beside: here its own answers are judged.
  const state = answeredState(composition);
  switch (state) {
    case 'CONTRADICTED':
      return 'beside';
    case 'ACCEPTED':
      if (!harmlessAfterAccepted.has(code)) return 'contradicts';
      return code === '20013' && missing ? 'applies' : 'beside';
    case 'INFRASTRUCTURE_REJECTED':
    case 'BUSINESS_REJECTED':
      if (level === 'business' && polarity === 'positive') return 'contradicts';
      // Refused twice: the first counts, but for 20014, which concerns the version before as well.
      if (code === '20014' && composition.replaces !== undefined && !composition.contradiction) return 'applies';
      return code === '20013' && missing ? 'applies' : 'beside';
    default:
      return 'applies';
  }
};

/** An acknowledgement belongs to the composition that it answers, whichever is current (DESIGN 3). */
export const reduceAcknowledged = (record: DocumentRecord, event: Acknowledged, at: number): Reduction => {
  const composition = record.compositions.find((one) => one.messageHeaderId === event.messageHeaderId);
  if (!composition) return noOp('answers-no-composition');
  const { acknowledgement, level } = event;
  const { code, polarity } = acknowledgement;
  const early = neverPosted(composition);
  const known = early ? answersOf(composition) : heardOf(composition);
  if (known.some((one) => one.code === code)) return noOp('duplicate-acknowledgement');
  const isCurrent = composition === currentComposition(record);
  const state = answeredState(composition);
  const waitedInVain = isCurrent && record.overdueSince !== undefined;
  const late = waitedInVain || state === 'SEND_FAILED' || state === 'UNDELIVERED';
  const answer: Acknowledgement = {
    ...acknowledgement,
    ...(late ? { late: true } : {}),
    ...(early ? { beforePosting: true } : {}),
  };
  const detail = `${code}${isCurrent ? '' : ` for composition ${composition.number}`}${matchedBy(acknowledgement)}`;
  const work = endsDoubt(composition, at);

  if (duplicateCodes.has(code) && wasSentAgain(composition) && !undecided(composition)) {
    return edit(record, at, { what: 'a second copy arrived', detail, composition: beside(composition, answer), work });
  }
  const effect = effectOf(composition, event);
  switch (effect) {
    case 'beside':
      return edit(record, at, {
        what: early
          ? 'acknowledged before it was posted'
          : undecided(composition)
            ? 'acknowledged after a contradiction'
            : 'acknowledged again',
        detail,
        composition: beside(composition, answer),
        work,
      });
    case 'contradicts': {
      const { contradiction: before, decidedContradictions = [], ...rest } = composition;
      return edit(record, at, {
        what: 'contradicted',
        detail,
        composition: {
          ...rest,
          ...(before ? { decidedContradictions: [...decidedContradictions, before].slice(-besideLimit) } : {}),
          contradiction: { at, level, answer, was: state },
        },
        work,
      });
    }
    case 'applies': {
      // 20014 to what replaces: the practice marks the version before as bad as well (GPCM-SD-127, 128).
      const failedReplacement = code === '20014' && composition.replaces !== undefined;
      const told: Work = composition.predecessor
        ? {
            ...(failedReplacement ? { voidPredecessor: [composition.number] } : {}),
            ...(level === 'business' && polarity === 'positive' ? { markReplaced: [composition.number] } : {}),
          }
        : {};
      const before = composition[level];
      const next: Composition = { ...(before ? beside(composition, before) : composition), [level]: answer };
      return edit(withoutHolds(record, isCurrent), at, {
        what: late ? `${nameOf(event, failedReplacement)}, late` : nameOf(event, failedReplacement),
        detail,
        composition: next,
        work: { ...work, ...told },
      });
    }
  }
};

/** What has left can be held no more; of an earlier composition only the doubt is over. */
const withoutHolds = (record: DocumentRecord, isCurrent: boolean): DocumentRecord => ({
  ...record,
  holds: isCurrent ? [] : record.holds.filter(({ reason }) => reason !== 'doubt'),
});

const nameOf = ({ level, acknowledgement }: Acknowledged, failedReplacement: boolean): string => {
  if (failedReplacement) return 'replacement failed: null and void';
  const positive = acknowledgement.polarity === 'positive';
  if (level === 'business') return positive ? 'accepted' : 'business rejected';
  return positive ? 'infrastructure acknowledged' : 'infrastructure rejected';
};

export const reduceReported = (
  record: DocumentRecord,
  event: Extract<DeliveryEvent, { kind: 'reported' }>,
  at: number,
): Reduction => {
  const { meshMessageId, report } = event;
  const names = ({ number, attempts, meshMessageId: id }: Composition) =>
    event.composition === undefined
      ? id === meshMessageId ||
        attempts.some(({ outcome }) => outcome?.kind === 'sent' && outcome.meshMessageId === meshMessageId)
      : event.composition === number;
  const composition = record.compositions.find(names);
  if (!composition) return noOp('reports-no-composition');
  const { alsoReported = [], earlierSends = [] } = composition;
  const known = [composition.report, ...alsoReported, ...earlierSends.map((send) => send.report)];
  if (known.some((one) => one?.inboundMessageId === report.inboundMessageId)) return noOp('duplicate-report');
  return report.delivered
    ? edit(record, at, {
        what: 'MESH says that it is delivered',
        detail: detailOf(report),
        composition: withReportBeside(composition, report),
      })
    : reduceUndelivered(record, composition, meshMessageId, report, at);
};

const detailOf = (report: MeshReport): string =>
  `${report.code}${report.event ? ` ${report.event}` : ''}${matchedBy(report)}`;

/** Who took it out of quarantine for this document. */
const matchedBy = ({ matched }: Pick<MeshReport, 'matched'>): string =>
  matched ? `, matched by ${matched.by}: ${matched.why}` : '';

const withReportBeside = (composition: Composition, report: MeshReport): Composition => ({
  ...composition,
  alsoReported: [...(composition.alsoReported ?? []), report].slice(-besideLimit),
});

/** MESH could not deliver a message: a report says so, or tracking does. */
export const reduceUndelivered = (
  record: DocumentRecord,
  composition: Composition,
  meshMessageId: string,
  report: MeshReport,
  at: number,
): Reduction => {
  const detail = detailOf(report);
  const answered = heardOf(composition).length > 0;
  // The practice has answered, so it arrived; or it is about a copy of an earlier round. Kept as a fact, changes nothing.
  if (answered || composition.report || isOfEarlierRound(composition, meshMessageId)) {
    return edit(record, at, {
      what: 'MESH report recorded',
      detail,
      composition: withReportBeside(composition, report),
    });
  }
  const isCurrent = composition.number === currentComposition(record).number;
  return edit(withoutHolds(record, isCurrent), at, {
    what: 'undelivered',
    detail,
    composition: { ...composition, report },
    work: endsDoubt(composition, at),
  });
};

const isOfEarlierRound = ({ attempts, earlierSends }: Composition, meshMessageId: string): boolean => {
  const last = earlierSends?.at(-1)?.lastAttempt ?? 0;
  return attempts.some(
    ({ number, outcome }) => number <= last && outcome?.kind === 'sent' && outcome.meshMessageId === meshMessageId,
  );
};
