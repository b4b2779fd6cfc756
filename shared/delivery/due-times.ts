import { days, hours, minutes } from '../platform/clock.ts';

/**
 * When somebody is told of a silence. No source gives numbers (GPCM-SD-095): these are defaults of ours, **to be decided
 * by a clinical safety officer** of each sending organisation (`dueTimes` of its file). A document keeps those of the
 * moment at which it came. Milliseconds, except the working days.
 */
export interface DueTimes {
  /** From being taken up to being handed to MESH. */
  readonly handover: number;
  /** From being handed to MESH to the infrastructure acknowledgement. */
  readonly infrastructure: number;
  /** From being handed to MESH to when the practice must be telephoned: MESH hands back what nobody fetches in five days. */
  readonly returnNear: number;
  /** From the infrastructure acknowledgement to the business one, in working days of England. */
  readonly businessWorkingDays: number;
  /** From saving the consultation to handing the document over; later is counted. */
  readonly savedToHandedOver: number;
}

export const defaultDueTimes: DueTimes = {
  handover: minutes(30),
  infrastructure: hours(24),
  returnNear: days(4),
  businessWorkingDays: 2,
  savedToHandedOver: hours(3),
};
