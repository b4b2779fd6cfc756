import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDrop } from '../../local/samples/variants.ts';
import { pollMailbox } from '../../shared/pipeline/poll/poll-mailbox.ts';
import { watch } from '../../shared/pipeline/watch/watch.ts';
import { days, hours, minutes } from '../../shared/platform/clock.ts';
import type { Measure } from '../../shared/platform/measure.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { changeCourse, readMailbox } from '../../shared/senders/registry.ts';
import { putMailbox } from '../support/registry.ts';
import { createRig, type Rig, sender } from '../support/rig.ts';

/** What watch says of how things stand, by the minute: the readings that alarms go by. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const reading = async (metric: Parameters<Rig['metrics']['get']>[0]) => {
  rig.metrics.delete(metric);
  await rig.watch();
  return rig.metrics.get(metric);
};

describe('the oldest unsent document', () => {
  it('is none, then as old as its drop, then none again once it is sent', async () => {
    expect(await reading('OldestUnsentMinutes')).toBe(0);
    await rig.drop('unsent', { encounterId: randomUUID() });
    await rig.takeEvents();
    rig.clock.leap(minutes(61));
    expect(await reading('OldestUnsentMinutes')).toBeGreaterThan(60);
    expect(await reading('OldestUnsentMinutes')).toBeLessThan(62);
    await rig.takeOutbox();
    expect(await reading('OldestUnsentMinutes')).toBe(0);
    rig.answer('20013', '30001');
    await rig.poll();
    expect(rig.metrics.get('TimeToSent')).toBeGreaterThan(3600);
    expect(rig.metrics.get('TimeToAccepted')).toBeGreaterThan(3600);
  });

  it('counts a drop that nobody registered as a document that waits, until it is taken away', async () => {
    const { pdf, json } = await makeDrop({ text: 'of nobody' }, { encounterId: randomUUID() });
    const keys = ['inbox/RX99/a.pdf', 'inbox/RX99/a.json'] as const;
    await rig.drops.put(keys[0], pdf);
    await rig.drops.put(keys[1], json);
    await rig.takeEvents();
    rig.clock.leap(minutes(90));
    expect(await reading('OldestUnsentMinutes')).toBeGreaterThan(89);
    await rig.takeEvents();
    for (const key of keys) await rig.drops.remove(key);
    rig.clock.leap(minutes(16));
    await rig.watch();
    expect(rig.lines.some((line) => line.includes('DROP_TAKEN_AWAY'))).toBe(true);
    expect(await reading('OldestUnsentMinutes')).toBe(0);
  });

  it('leaves out one whose sender owes it the PDF, and a half that waits for the other', async () => {
    const made = await makeDrop({ text: 'another' }, { encounterId: randomUUID() });
    await rig.drops.put('inbox/RX1/half.json', made.json);
    await rig.takeEvents();
    rig.clock.leap(minutes(30));
    expect(await reading('OldestUnsentMinutes')).toBe(0);
  });
});

describe('mailboxes', () => {
  it('are heard while polls succeed, and silent after three intervals without', async () => {
    await rig.poll();
    expect(await reading('MailboxesWithoutPoll')).toBe(0);
    rig.clock.leap(minutes(16));
    expect(await reading('MailboxesWithoutPoll')).toBe(1);
    expect(rig.lines.some((line) => line.includes('MAILBOX_NOT_POLLED') && line.includes(sender.mailboxId))).toBe(true);
    await rig.poll();
    expect(await reading('MailboxesWithoutPoll')).toBe(0);
  });

  it('are told of one by one: the one that nobody answers for, beside the one that is well', async () => {
    const dead = mailboxFile.parse({
      mailboxId: 'RX1OT009',
      odsCode: 'RX1',
      environment: 'local',
      baseUrl: 'https://127.0.0.1:9',
    });
    await putMailbox(rig.table, dead, rig.clock.now());
    rig.clock.leap(minutes(16));
    await rig.poll();
    const intervals = new Map<string, number>();
    const measure: Measure = { ...rig.context.measure, recordOf: (id, _, value) => void intervals.set(id, value) };
    await watch({ ...rig.context, measure, deadline: rig.deadline() });
    expect([...intervals.keys()].sort()).toEqual([sender.mailboxId, 'RX1OT009'].sort());
    expect(intervals.get(sender.mailboxId)).toBeLessThan(1);
    expect(intervals.get('RX1OT009')).toBeGreaterThanOrEqual(3);
    expect(rig.metrics.get('MailboxesWithoutPoll')).toBe(1);
    await putMailbox(rig.table, { ...dead, pollEverySeconds: 86_400 }, rig.clock.now());
  });

  it('tell of the certificate that ends first', async () => {
    const mailbox = await readMailbox(rig.table, sender.mailboxId);
    const left = ((mailbox?.course.certificateExpiresAt ?? 0) - rig.clock.now()) / days(1);
    expect(left).toBeGreaterThan(360);
    expect(await reading('CertificateDaysLeft')).toBe(Math.floor(left));
  });

  it('tell of a CA bundle that ends before any certificate, and name it', async () => {
    await rig.poll();
    const mailbox = await readMailbox(rig.table, sender.mailboxId);
    const endsAt = rig.clock.now() + days(9.5);
    expect(mailbox?.course.authoritiesExpireAt).toBeGreaterThan(rig.clock.now() + days(300));
    await changeCourse(rig.table, sender.mailboxId, ({ course }) => ({ ...course, authoritiesExpireAt: endsAt }));
    expect(await reading('CertificateDaysLeft')).toBe(9);
    const told = rig.lines.filter((line) => line.includes('CERTIFICATE_NEAR_ITS_END'));
    expect(told.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ mailboxId: sender.mailboxId, what: 'CA bundle', daysToExpiry: 9 }),
    ]);
    await rig.poll();
    expect(await reading('CertificateDaysLeft')).toBeGreaterThan(300);
  });

  it('with an open circuit are counted as that, and not as silent', async () => {
    await putMailbox(
      rig.table,
      mailboxFile.parse({ mailboxId: 'RX1OT002', odsCode: 'RX1', environment: 'production' }),
      rig.clock.now(),
    );
    await pollMailbox({ ...rig.context, deadline: rig.deadline() }, { mailboxId: 'RX1OT002', slot: 'test' });
    expect(await reading('CircuitsOpen')).toBe(1);
    rig.clock.leap(hours(1));
    await rig.poll();
    expect(await reading('MailboxesWithoutPoll')).toBe(0);
    expect(await reading('CircuitsOpen')).toBe(1);
  });

  it('that cannot be read leave the readings out, and the work goes on', async () => {
    const broken = {
      ...rig.context,
      table: {
        ...rig.table,
        oldestUnsent: () => Promise.reject(new Error('no index')),
      },
      deadline: rig.deadline(),
    };
    rig.metrics.delete('ItemsFailed');
    await watch(broken);
    expect(rig.metrics.get('ItemsFailed')).toBe(1);
    expect(rig.lines.some((line) => line.includes('WATCH_STANDING_UNKNOWN'))).toBe(true);
    expect(rig.lines.at(-1)).toContain('WATCH_DONE');
  });
});
