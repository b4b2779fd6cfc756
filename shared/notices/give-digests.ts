import { readDocument } from '../delivery/documents.ts';
import type { DeliverySettings } from '../delivery/due.ts';
import { digestsKey, splitKey } from '../delivery/keys.ts';
import { openDocuments } from '../delivery/open-attention.ts';
import type { DocumentRecord } from '../delivery/record.ts';
import { days, minutes, seconds } from '../platform/clock.ts';
import { type DocumentId, uuidV5 } from '../platform/ids.ts';
import { receiptsPrefix } from '../platform/names.ts';
import type { Objects } from '../platform/objects.ts';
import { inParallel } from '../platform/parallel.ts';
import { type AttentionIndex, change, type SenderIndex, type SenderPosition, type Table } from '../platform/table.ts';
import type { Mailbox } from '../senders/mailbox.ts';
import type { SenderItem } from '../senders/sender.ts';
import { addressesOf } from './addresses.ts';
import { type Digest, type DigestRule, digestDate, digestOf, type Period, usualDigest } from './digest.ts';
import {
  type DigestRow,
  digestFile,
  digestMessage,
  digestRow,
  digestTable,
  operatorsDigestMessage,
  operatorsTable,
} from './digest-words.ts';
import type { GiveContext } from './give.ts';
import { operators } from './pending.ts';

export interface DigestContext extends GiveContext {
  readonly table: Table & SenderIndex & AttentionIndex;
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
/** A digest ends so long ago: what the index does not show yet is left to the next, and neither leaves it out. */
const indexLag = minutes(1);

/** Digests are named in a namespace of their own. Never changes. */
const namespace = '7a9a7d0e-53c5-5c9e-a1f0-2f7e4f6a1b11';
const digestId = (audience: string, date: string): string => uuidV5(namespace, JSON.stringify([audience, date]));

type Open = ReadonlyMap<string, readonly DocumentRecord[]>;

/** What needs somebody, of each organisation: it may have ended long ago, and is looked at no more. */
const openBySender = async ({ table }: DigestContext): Promise<Open> => {
  const bySender = new Map<string, DocumentRecord[]>();
  for (const { record } of await openDocuments(table)) {
    const known = bySender.get(record.senderOds);
    if (known) known.push(record);
    else bySender.set(record.senderOds, [record]);
  }
  return bySender;
};

const recordsOf = async (
  { table, clock }: DigestContext,
  odsCode: string,
  { from }: Period,
  open: Open,
): Promise<readonly DocumentRecord[]> => {
  const records = new Map((open.get(odsCode) ?? []).map((record) => [record.documentId, record]));
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
      if (kind !== 'DOC' || records.has(rest as DocumentId)) return 'go on';
      const record = await readDocument(table, rest as DocumentId);
      if (record) records.set(record.documentId, record);
      return 'go on';
    });
    after = page.next;
  } while (after !== undefined);
  return [...records.values()];
};

const daysLeft = ({ course }: Mailbox, now: number): number | undefined =>
  course.certificateExpiresAt === undefined ? undefined : Math.floor((course.certificateExpiresAt - now) / days(1));

const gather = async (
  context: DigestContext,
  { setting }: SenderItem,
  mailboxes: readonly Mailbox[],
  period: Period,
  open: Open,
): Promise<Digest> => {
  const mailbox = mailboxes.find((one) => one.setting.mailboxId === setting.mailboxId);
  const left = mailbox && daysLeft(mailbox, period.to);
  return digestOf(setting.odsCode, period, await recordsOf(context, setting.odsCode, period, open), left);
};

/** One that is not active any more is told as long as there is something to tell. */
const isOver = ({ active }: SenderItem, { documents }: Digest): boolean =>
  active === undefined && documents.length === 0;

const write = async (drops: Objects, audience: string, date: string, text: string, table: string): Promise<void> => {
  const name = `${receiptsPrefix}${digestFile(audience, date)}`;
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
  const to = now - indexLag;
  const date = digestDate(rule, now, bankHolidays);
  if (!given) return { kind: 'begins', date: date ?? '', period: { from: to, to } };
  return date === undefined || date === given.date ? undefined : { kind: 'due', date, period: { from: given.to, to } };
};

/**
 * Gives every digest that is due. Noted only when it is written and the topic has it: a crash gives it again, the same.
 * One that fails does not keep the others; throws the first that did.
 */
export const giveDigests = async (
  context: DigestContext,
  senders: readonly SenderItem[],
  mailboxes: readonly Mailbox[],
): Promise<void> => {
  const { table, clock, drops, notices, settings, log, stage, deadline } = context;
  const { given = {} } = (await table.read<DigestsItem>(digestsKey)) ?? {};
  // What was taken of one that was deactivated goes its way, and is told.
  const told = senders.filter(({ active, setting }) => active !== undefined || given[setting.odsCode] !== undefined);
  let known: Promise<Open> | undefined;
  const open = () => {
    known ??= openBySender(context);
    return known;
  };
  const note = (audience: string, date: string, { to }: Period) =>
    change<DigestsItem, undefined>(table, digestsKey, (stored) => ({
      kind: 'put',
      item: { given: { ...stored?.given, [audience]: { date, to } } },
      result: undefined,
    }));
  const failed: unknown[] = [];
  const each = async (
    audience: string,
    rule: DigestRule,
    give: (date: string, period: Period) => Promise<void>,
  ): Promise<void> => {
    const due = dueOf(given[audience], rule, clock.now(), settings);
    if (!due || deadline - clock.now() < enoughTime) return;
    try {
      if (due.kind === 'due') {
        await give(due.date, due.period);
        log.info('DIGEST_GIVEN', { odsCode: audience });
      }
      await note(audience, due.date, due.period);
    } catch (error) {
      failed.push(error);
    }
  };
  for (const sender of told) {
    const { odsCode, name, digest: rule = usualDigest } = sender.setting;
    await each(odsCode, rule, async (date, period) => {
      const digest = await gather(context, sender, mailboxes, period, await open());
      if (isOver(sender, digest)) return;
      const message = digestMessage(digest, { id: digestId(odsCode, date), name, date });
      await write(drops, odsCode, date, message.body, digestTable(digest));
      if (addressesOf(sender.setting).digest.length > 0) {
        await notices.publish(message, { senderOds: odsCode, audience: 'digest' });
      }
    });
  }
  await each(operators, usualDigest, async (date, period) => {
    const rows: DigestRow[] = [];
    for (const sender of told) {
      const digest = await gather(context, sender, mailboxes, period, await open());
      if (!isOver(sender, digest)) rows.push(digestRow(digest));
    }
    const message = operatorsDigestMessage(rows, { id: digestId(operators, date), stage, period, date });
    await write(drops, operators, date, message.body, operatorsTable(rows, period));
    await notices.publish(message, { audience: 'operators' });
  });
  if (failed.length > 0) throw failed[0];
};
