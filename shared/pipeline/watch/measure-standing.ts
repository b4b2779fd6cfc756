import { days, hours, minutes } from '../../platform/clock.ts';
import { workShards } from '../../platform/names.ts';
import { intervalsSincePoll, isSilent } from '../../senders/mailbox.ts';
import { listMailboxes } from '../../senders/registry.ts';
import type { WatchContext } from './watch.ts';

/** Of what is known, the least; `undefined` of nothing. */
const least = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/**
 * How things stand, each minute: what alarms cannot learn from events, because what they are about is that nothing
 * happens. Four reads for what is unsent, a count for what needs a person, one for each mailbox.
 */
export const measureStanding = async ({ table, clock, measure, log }: WatchContext): Promise<void> => {
  const now = clock.now();
  const oldest = least(await Promise.all(workShards.map((shard) => table.oldestUnsent(shard))));
  measure.record('OldestUnsentMinutes', oldest === undefined ? 0 : Math.max(0, (now - oldest) / minutes(1)));

  const open = await Promise.all(workShards.map((shard) => table.openAttention(shard)));
  const longest = least(open.map(({ oldest: since }) => since));
  measure.record(
    'AttentionOpen',
    open.reduce((sum, { count }) => sum + count, 0),
  );
  measure.record('OldestAttentionHours', longest === undefined ? 0 : Math.max(0, (now - longest) / hours(1)));

  const mailboxes = await listMailboxes(table);
  const silent = mailboxes.filter((mailbox) => isSilent(mailbox, now));
  for (const { setting } of silent) log.error('MAILBOX_NOT_POLLED', { mailboxId: setting.mailboxId });
  measure.record('MailboxesWithoutPoll', silent.length);
  // Each by itself too: one that is silent for days must not hide the next.
  for (const mailbox of mailboxes) {
    measure.recordOf(mailbox.setting.mailboxId, 'IntervalsSincePoll', intervalsSincePoll(mailbox, now));
  }
  measure.record('CircuitsOpen', mailboxes.filter(({ course }) => course.circuit !== undefined).length);

  const ends = mailboxes.flatMap(({ setting: { mailboxId }, course }) => [
    { mailboxId, what: 'client certificate', at: course.certificateExpiresAt },
    { mailboxId, what: 'CA bundle', at: course.authoritiesExpireAt },
  ]);
  const daysLeft = (at: number) => Math.floor((at - now) / days(1));
  const first = least(ends.map(({ at }) => at));
  // Of no certificate there is nothing to tell: a mailbox that was never reached is silent, or its circuit is open.
  if (first !== undefined) measure.record('CertificateDaysLeft', daysLeft(first));
  for (const { mailboxId, what, at } of ends) {
    if (at === undefined || (at - now) / days(1) > tellOfCertificateFrom) continue;
    log.warn('CERTIFICATE_NEAR_ITS_END', { mailboxId, what, daysToExpiry: daysLeft(at) });
  }
};

/** Days before its end at which the log begins to name the mailbox; the first of the two alarms goes off then. */
const tellOfCertificateFrom = 30;
