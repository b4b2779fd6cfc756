import { days, hours, minutes } from '../platform/clock.ts';
import type { MailboxId, MeshMessageId } from '../platform/ids.ts';
import type { Composition, DocumentRecord, Routed } from './record.ts';

/**
 * Asking MESH by message id which practice it chose. MESH wants to be asked rarely, so each document is asked about
 * once, and again at most hourly and four times where MESH has not decided yet (mesh-api 1.7).
 */

export interface Tracking {
  /** How often MESH has answered; one that is under way counts. */
  readonly asked: number;
  /** When MESH may be asked again; absent where it need not be. */
  readonly nextAt?: number;
  /** What MESH said last: `acknowledged` means that the practice's system has collected it, no more. */
  readonly status?: 'accepted' | 'acknowledged' | 'undeliverable';
}

/** What one question came to. */
export type TrackingFinding =
  | {
      readonly kind: 'found';
      readonly status?: Tracking['status'];
      /** Absent while MESH has not chosen. */
      readonly routed?: Omit<Routed, 'at'>;
      /** Of an undeliverable one: MESH's code and our advice, as a report would have them. */
      readonly failure?: { readonly code: string; readonly advice: string };
    }
  /** MESH does not know the message, or not yet. */
  | { readonly kind: 'unknown' }
  /** It could not be asked: that does not count. */
  | { readonly kind: 'unavailable' };

/** MESH looks the practice up after it has taken the message. */
export const trackingDelay = minutes(2);
export const trackingInterval = hours(1);
/** The first time and four more. */
export const trackingAsks = 5;
/** MESH gives a message back that long after it came: what it has not said by then it will not say. */
const trackingEnd = days(5);

export interface DueTracking {
  readonly composition: number;
  readonly meshMessageId: MeshMessageId;
  /** Of the mailbox that sent it, and which alone may ask. */
  readonly mailboxId: MailboxId;
  readonly at: number;
}

const dueOf = ({ number, sentAt, meshMessageId, stored, routed, report, tracking }: Composition): DueTracking[] => {
  if (sentAt === undefined || meshMessageId === undefined || !stored || routed || report) return [];
  if ((tracking?.asked ?? 0) >= trackingAsks) return [];
  const at = tracking?.nextAt ?? sentAt + trackingDelay;
  return at > sentAt + trackingEnd ? [] : [{ composition: number, meshMessageId, mailboxId: stored.mailboxId, at }];
};

/** The question that is due first, of whichever composition; `undefined` where there is nothing to ask. Pure. */
export const trackingDue = (record: DocumentRecord): DueTracking | undefined =>
  record.compositions.flatMap(dueOf).sort((a, b) => a.at - b.at)[0];

/** MESH took it to another practice than the one that the manifest names as the patient's. */
export const isRoutedElsewhere = ({ routed, practice }: Composition): boolean =>
  routed?.odsCode !== undefined && practice !== undefined && routed.odsCode !== practice;
