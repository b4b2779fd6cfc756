import { z } from 'zod';
import { minutes } from '../platform/clock.ts';
import type { Versioned } from '../registry/versioned.ts';
import { mailboxId, odsCode } from './sender.ts';

const secondsBetweenPolls = 300;
/** Below what the send function does at a time, so that no mailbox's backlog keeps the others' documents waiting. */
const usualInFlight = 10;

/** Told beside what else is wrong, not after that was put right. */
const saysWhichMesh = ({ value }: { readonly value: unknown }): boolean =>
  typeof value === 'object' && value !== null && 'environment' in value && typeof value.environment === 'string';

/** A MESH mailbox's settings: what `operate mailbox put FILE` takes. Its secret is stored apart. */
export const mailboxFile = z
  .strictObject({
    mailboxId: mailboxId.describe('As registered with MESH, in capitals.'),
    odsCode: odsCode.describe('The organisation that MESH knows as the mailbox’s owner.'),
    environment: z
      .enum(['production', 'integration', 'deployment', 'local'])
      .describe('Which MESH. `local` is for the one-machine run.'),
    baseUrl: z.url().optional().describe('Only for `local`: where the MESH of this machine is.'),
    pollEverySeconds: z
      .int()
      .min(5)
      .max(86_400)
      .default(secondsBetweenPolls)
      .describe('MESH wants at least 300; only a local one may be asked more often.'),
    maxInFlight: z
      .int()
      .min(1)
      .max(100)
      .default(usualInFlight)
      .describe(
        'How many of its documents are handed to MESH at a time, whoever sends them; further ones wait for their turn, the sending organisations taking turns.',
      ),
    shared: z
      .boolean()
      .default(false)
      .describe('Another system reads this mailbox too: what matches nothing of ours then stays in it.'),
    acknowledgeResponses: z
      .boolean()
      .default(false)
      .describe(
        'Sends one 20013 to a business response that asks for it; the mailbox must then be allowed to send the `_ACK` workflow. The standard asks for none (GPCM-SD-050, 051).',
      ),
  })
  .refine(({ environment, baseUrl }) => environment !== 'local' || baseUrl !== undefined, {
    path: ['baseUrl'],
    message: 'a local mailbox needs the address of its MESH',
    when: saysWhichMesh,
  })
  .refine(({ environment, baseUrl }) => environment === 'local' || baseUrl === undefined, {
    path: ['baseUrl'],
    message: 'only a local mailbox has one: the others are fixed',
    when: saysWhichMesh,
  })
  .refine(({ environment, pollEverySeconds }) => environment === 'local' || !(pollEverySeconds < secondsBetweenPolls), {
    path: ['pollEverySeconds'],
    message: 'MESH must not be polled more often than every 300 seconds',
    when: saysWhichMesh,
  });
export type MailboxSetting = z.output<typeof mailboxFile>;

/** One that was put before the setting existed lacks it. */
export const inFlightLimitOf = ({ maxInFlight }: Partial<Pick<MailboxSetting, 'maxInFlight'>>): number =>
  maxInFlight ?? usualInFlight;

/** What running it has taught us. Times in epoch milliseconds. */
export interface MailboxCourse {
  readonly nextPollAt: number;
  readonly lastPollAt?: number;
  readonly lastPollOutcome?: 'ok' | 'transient' | 'configuration';
  readonly lastHandshakeAt?: number;
  /** When the mailbox was first put, and when its inbox was last read to the end. */
  readonly registeredAt?: number;
  readonly lastGoodPollAt?: number;
  /** When the last poll began that read the inbox to its end and left nothing for want of time. */
  readonly inboxReadAt?: number;
  /** Of the certificate that the last poll went out with. */
  readonly certificateExpiresAt?: number;
  /** Of the CA bundle that it trusted. */
  readonly authoritiesExpireAt?: number;
  /** Since when its circuit is closed again, while what waited is being queued, oldest first. */
  readonly recoveringSince?: number;
  /** Open while certificate, key or password is wrong: nothing is sent or polled, one person is told once. */
  readonly circuit?: Circuit;
}

export interface Circuit {
  readonly openedAt: number;
  readonly reason: string;
  readonly advice: string;
  readonly nextTryAt: number;
}

/** `MAILBOX#{id}`. */
export interface Mailbox extends Versioned<MailboxSetting> {
  readonly course: MailboxCourse;
}

/** How often an open circuit is tried with a handshake (DESIGN 4). */
export const circuitRetry = minutes(5);

const withoutRecovery = ({ recoveringSince: _, ...course }: MailboxCourse): MailboxCourse => course;

export const openCircuit = (
  course: MailboxCourse,
  fault: { readonly reason: string; readonly advice: string },
  now: number,
): MailboxCourse => ({
  ...withoutRecovery(course),
  circuit: {
    openedAt: course.circuit?.openedAt ?? now,
    reason: fault.reason,
    advice: fault.advice,
    nextTryAt: now + circuitRetry,
  },
});

export const closeCircuit = (course: MailboxCourse, now: number): MailboxCourse => {
  const { circuit: _, ...rest } = course;
  return { ...rest, nextPollAt: now, lastHandshakeAt: now, recoveringSince: now };
};

/** The poll after this one: the next slot, never two at once, never sooner than the mailbox's interval. */
export const afterPoll = (
  mailbox: Mailbox,
  outcome: NonNullable<MailboxCourse['lastPollOutcome']>,
  now: number,
): MailboxCourse => ({
  ...mailbox.course,
  lastPollAt: now,
  lastPollOutcome: outcome,
  ...(outcome === 'ok' ? { lastGoodPollAt: now } : {}),
  nextPollAt: now + mailbox.setting.pollEverySeconds * 1000,
});

/** When the `work` index shows the mailbox. */
export const mailboxCheckAt = ({ course }: Mailbox): number => course.circuit?.nextTryAt ?? course.nextPollAt;

/** Has this time come? One that lies further off than anybody may have set it is a clock's that was wrong. */
const hasCome = (at: number, furthest: number, now: number): boolean => at <= now || at > now + furthest + minutes(1);

/** Must it be polled, or its open circuit be tried? */
export const isDue = ({ setting, course }: Mailbox, now: number): boolean =>
  course.circuit
    ? hasCome(course.circuit.nextTryAt, circuitRetry, now)
    : hasCome(course.nextPollAt, setting.pollEverySeconds * 1000, now);

/** Intervals without an answer after which somebody is told. */
const missedPolls = 3;

/**
 * For how many of its intervals MESH has not answered for this mailbox, whatever the reason; a new one counts from when
 * it was put. A mailbox polled more often than MESH asks for has the time of one that is not.
 */
export const intervalsSincePoll = ({ setting, course }: Mailbox, now: number): number => {
  const { registeredAt = 0, lastGoodPollAt = 0, lastHandshakeAt = 0 } = course;
  const heard = Math.max(registeredAt, lastGoodPollAt, lastHandshakeAt);
  return (now - heard) / (Math.max(setting.pollEverySeconds, secondsBetweenPolls) * 1000);
};

/**
 * Has MESH not answered for this mailbox for three intervals? An open circuit is no silence: it has an alarm of its
 * own, and nothing is polled meanwhile.
 */
export const isSilent = (mailbox: Mailbox, now: number): boolean =>
  mailbox.course.circuit === undefined && intervalsSincePoll(mailbox, now) > missedPolls;
