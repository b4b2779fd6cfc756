import type { DeliveryEvent } from './events.ts';
import type { Composition, DocumentRecord } from './record.ts';
import { reduceUndelivered } from './reduce-answers.ts';
import { edit, noOp, type Reduction } from './reduction.ts';
import { type Tracking, trackingAsks, trackingDue, trackingInterval } from './tracking.ts';

type TrackingEvent = Extract<DeliveryEvent, { kind: 'tracking-begun' | 'tracked' }>;

/** No entry in the history and no receipt: that MESH was asked is nothing that anybody need see. */
const quietly = (record: DocumentRecord, composition: Composition): Reduction => ({
  kind: 'changed',
  what: 'tracking',
  record: {
    ...record,
    compositions: record.compositions.map((one) => (one.number === composition.number ? composition : one)),
  },
});

const withTracking = (composition: Composition, { asked, nextAt, status }: Tracking): Composition => ({
  ...composition,
  tracking: {
    asked,
    ...(nextAt === undefined || asked >= trackingAsks ? {} : { nextAt }),
    ...(status === undefined ? {} : { status }),
  },
});

/**
 * Written down before MESH is asked, so that no crash and no second poll asks more often than hourly. What tracking
 * says never changes a state, but for `undeliverable`: that is what a report says, of the very same message.
 */
export const reduceTracking = (record: DocumentRecord, event: TrackingEvent, at: number): Reduction => {
  const composition = record.compositions.find(({ meshMessageId }) => meshMessageId === event.meshMessageId);
  if (!composition) return noOp('tracks-no-composition');
  const { tracking = { asked: 0 } } = composition;
  if (event.kind === 'tracking-begun') {
    const due = trackingDue(record);
    if (due?.meshMessageId !== event.meshMessageId || due.at > at) return noOp('not-due');
    return quietly(
      record,
      withTracking(composition, { ...tracking, asked: tracking.asked + 1, nextAt: at + trackingInterval }),
    );
  }
  const { finding } = event;
  switch (finding.kind) {
    case 'unknown':
      return noOp('unknown-to-mesh');
    case 'unavailable':
      return quietly(
        record,
        withTracking(composition, {
          ...tracking,
          asked: Math.max(0, tracking.asked - 1),
          nextAt: at + trackingInterval,
        }),
      );
    case 'found': {
      const status = finding.status ?? tracking.status;
      const told = withTracking(composition, { ...tracking, ...(status === undefined ? {} : { status }) });
      // Beside an answer it is kept once.
      const isKnown = composition.alsoReported?.some(({ source }) => source === 'tracking');
      if (finding.failure && !composition.report && !isKnown) {
        const report = { at, ...finding.failure, inboundMessageId: event.meshMessageId, source: 'tracking' as const };
        return reduceUndelivered(record, told, event.meshMessageId, report, at);
      }
      if (finding.routed && !composition.routed) {
        const routed = { at, ...finding.routed };
        return edit(record, at, {
          what: 'routed by MESH',
          detail: routed.odsCode ?? routed.mailboxId,
          composition: {
            ...composition,
            routed,
            tracking: { asked: tracking.asked, ...(status === undefined ? {} : { status }) },
          },
        });
      }
      return status === tracking.status ? noOp('not-decided-yet') : quietly(record, told);
    }
  }
};
