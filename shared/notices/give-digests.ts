import { readDocument } from '../delivery/documents.ts';
import type { DeliverySettings } from '../delivery/due.ts';
import { digestsKey, splitKey } from '../delivery/keys.ts';
import type { DocumentRecord } from '../delivery/record.ts';
import { days, seconds } from '../platform/clock.ts';
import { type DocumentId, uuidV5 } from '../platform/ids.ts';
import { receiptsPrefix } from '../platform/names.ts';
import type { Objects } from '../platform/objects.ts';
import { inParallel } from '../platform/parallel.ts';
import { change, type SenderIndex, type SenderPosition, type Table } from '../platform/table.ts';
import type { Mailbox } from '../senders/mailbox.ts';
import type { SenderItem } from '../senders/sender.ts';
import { addressesOf } from './addresses.ts';
import {
  type Digest,
  type DigestRule,
  digestDate,
  digestMessage,
  digestOf,
  digestTable,
  operatorsDigestMessage,
  operatorsTable,
  type Period,
  usualDigest,
} from './digest.ts';
import type { GiveContext } from './give.ts';
import { operators } from './pending.ts';

export interface DigestContext extends GiveContext {
  readonly table: Table & SenderIndex;
  readonly drops: Objects;
  readonly settings: DeliverySettings;
  /** Epoch ms when this invocation has certainly ended. */
  readonly deadline: number;
}

/** `DIGESTS`: for each organisation, and for operators, which date's digest was given, and up to when it reached. */
interface Given {
  readonly date: string;
  readonly to: number;
}
interface DigestsItem {
  readonly given: Readonly<Record<string, Given>>;
}

/** With less left of the invocation no digest is begun: it comes with the next minute. */
const enoughTime = seconds(60);
/** What has not ended is looked at daily, so it has changed within this time. */
const lookedAtWithin = days(2);

/** Digests are named in a namespace of their own. Never changes. */
const namespace = '7a9a7d0e-53c5-5c9e-a1f0-2f7e4f6a1b11';
const digestId = (audience: string, date: string): string => uuidV5(namespace, JSON.stringify([audience, date]));

const recordsOf = async (
  { table, clock }: DigestContext,
  odsCode: string,
  { from }: Period,
): Promise<readonly DocumentRecord[]> => {
  const records: DocumentRecord[] = [];
  let after: SenderPosition | undefined;
  do {
    const page = await table.bySender(odsCode, {
      from: from - lookedAtWithin,
      to: clock.now(),
      limit: 500,
      ...(after === undefined ? {} : { after }),
    });
    await inParallel(page.rows, 10, async ({ key }) => {
      const { kind, rest } = splitKey(key);
      const record = kind === 'DOC' ? await readDocument(table, rest as DocumentId) : undefined;
      if (record) records.push(record);
      return 'go on';
    });
    after = page.next;
  } while (after !== undefined);
  return records;
};

const daysLeft = ({ course }: Mailbox, now: number): number | undefined =>
  course.certificateExpiresAt === undefined ? undefined : Math.floor((course.certificateExpiresAt - now) / days(1));

const gather = async (
  context: DigestContext,
  { setting }: SenderItem,
  mailboxes: readonly Mailbox[],
  period: Period,
): Promise<Digest> => {
  const mailbox = mailboxes.find((one) => one.setting.mailboxId === setting.mailboxId);
  const left = mailbox && daysLeft(mailbox, period.to);
  return digestOf(setting.odsCode, period, await recordsOf(context, setting.odsCode, period), left);
};

const write = async (drops: Objects, audience: string, date: string, text: string, table: string): Promise<void> => {
  const name = `${receiptsPrefix}${audience}/digests/${date}`;
  await drops.put(`${name}.txt`, `${text}\n`, { contentType: 'text/plain; charset=utf-8' });
  await drops.put(`${name}.csv`, table, { contentType: 'text/csv; charset=utf-8' });
};

/**
 * Whose digest is due by its rule. One that is seen for the first time after the hour begins with the next. Pure.
 * A digest reaches from the last one to now, so that a weekend or an outage leaves nothing out.
 */
const dueOf = (
  given: Given | undefined,
  rule: DigestRule,
  now: number,
  { bankHolidays }: DeliverySettings,
): { readonly kind: 'due' | 'begins'; readonly date: string; readonly period: Period } | undefined => {
  if (!given)
    return { kind: 'begins', date: digestDate(rule, now, bankHolidays) ?? '', period: { from: now, to: now } };
  const date = digestDate(rule, now, bankHolidays);
  return date === undefined || date === given.date
    ? undefined
    : { kind: 'due', date, period: { from: given.to, to: now } };
};

/** Gives every digest that is due. Noted only when it is written and the topic has it: a crash gives it again, the same. */
export const giveDigests = async (
  context: DigestContext,
  senders: readonly SenderItem[],
  mailboxes: readonly Mailbox[],
): Promise<void> => {
  const { table, clock, drops, notices, settings, log, stage, deadline } = context;
  const item = await table.read<DigestsItem>(digestsKey);
  const active = senders.filter((sender) => sender.active !== undefined);
  const note = (audience: string, date: string, { to }: Period) =>
    change<DigestsItem, undefined>(table, digestsKey, (stored) => ({
      kind: 'put',
      item: { given: { ...stored?.given, [audience]: { date, to } } },
      result: undefined,
    }));
  const each = async (
    audience: string,
    rule: DigestRule,
    give: (date: string, period: Period) => Promise<void>,
  ): Promise<void> => {
    const due = dueOf(item?.given[audience], rule, clock.now(), settings);
    if (!due || deadline - clock.now() < enoughTime) return;
    if (due.kind === 'due') {
      await give(due.date, due.period);
      log.info('DIGEST_GIVEN', { odsCode: audience });
    }
    await note(audience, due.date, due.period);
  };
  for (const sender of active) {
    const { odsCode, name, digest: rule = usualDigest } = sender.setting;
    await each(odsCode, rule, async (date, period) => {
      const digest = await gather(context, sender, mailboxes, period);
      const message = digestMessage(digest, { id: digestId(odsCode, date), name });
      await write(drops, odsCode, date, message.body, digestTable(digest));
      if (addressesOf(sender.setting).digest.length > 0) {
        await notices.publish(message, { senderOds: odsCode, audience: 'digest' });
      }
    });
  }
  await each(operators, usualDigest, async (date, period) => {
    const digests: Digest[] = [];
    for (const sender of active) digests.push(await gather(context, sender, mailboxes, period));
    const message = operatorsDigestMessage(digests, { id: digestId(operators, date), stage, period });
    await write(drops, operators, date, message.body, operatorsTable(digests));
    await notices.publish(message, { audience: 'operators' });
  });
};
