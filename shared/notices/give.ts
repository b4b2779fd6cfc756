import { readDocument } from '../delivery/documents.ts';
import type { DocumentRecord } from '../delivery/record.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocumentId } from '../platform/ids.ts';
import { errorText, type Log } from '../platform/log.ts';
import { receiptsPrefix } from '../platform/names.ts';
import type { Objects } from '../platform/objects.ts';
import { inParallel } from '../platform/parallel.ts';
import type { Table } from '../platform/table.ts';
import type { Topic } from '../platform/topic.ts';
import { readSender } from '../senders/registry.ts';
import { reached, readAddresses } from './addresses.ts';
import { noticeFile, noticeTable } from './notice-table.ts';
import { operatorsMessage } from './operators.ts';
import { isLoose, type Notice, operators, readWaiting, takeGiven } from './pending.ts';
import { noticeMessage } from './words.ts';

export interface GiveContext {
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
  /** Where organisations read. */
  readonly drops: Objects;
  readonly notices: Topic;
  readonly stage: string;
  /** How organisations reach the operators. */
  readonly operatorsContact?: string;
}

const recordsOf = async (table: Table, notices: readonly Notice[]): Promise<ReadonlyMap<string, DocumentRecord>> => {
  const records = new Map<string, DocumentRecord>();
  const ids = notices.filter((one) => !isLoose(one)).map(({ about }) => about);
  await inParallel([...new Set(ids)], 10, async (id) => {
    const record = await readDocument(table, id as DocumentId);
    if (record) records.set(id, record);
    return 'go on';
  });
  return records;
};

const giveOperators = async (context: GiveContext, waiting: readonly Notice[]): Promise<void> => {
  const { table, clock, notices, stage } = context;
  await notices.publish(operatorsMessage(stage, waiting), { audience: 'operators' });
  await takeGiven(table, operators, waiting, clock.now());
};

/**
 * Beside the message: which of the organisation's own references its documents have. An e-mail without it is better than
 * none.
 */
const writeTable = async (
  { drops, log }: GiveContext,
  odsCode: string,
  notices: readonly Notice[],
  records: ReadonlyMap<string, DocumentRecord>,
): Promise<string | undefined> => {
  const file = noticeFile(odsCode, notices);
  try {
    await drops.put(`${receiptsPrefix}${file}`, noticeTable(notices, records), {
      contentType: 'text/csv; charset=utf-8',
    });
    return file;
  } catch (error) {
    log.warn('NOTICE_TABLE_NOT_WRITTEN', { odsCode, error: errorText(error) });
    return undefined;
  }
};

/**
 * Gives what waits for an organisation, as one message, and what is told again as another. It is taken off only when
 * the topic has it: a crash between gives it again, under the same ids. Throws what the topic throws.
 */
const giveSender = async (context: GiveContext, odsCode: string, waiting: readonly Notice[]): Promise<void> => {
  const { table, clock, notices } = context;
  const [sender, addresses, records] = await Promise.all([
    readSender(table, odsCode),
    readAddresses(table),
    recordsOf(table, waiting),
  ]);
  for (const wanted of ['sender', 'escalation'] as const) {
    const own = waiting.filter(({ kind }) => isEscalation(kind) === (wanted === 'escalation'));
    const audience = reached(sender?.setting, addresses?.confirmed, wanted);
    const given = wanted === 'escalation' ? toEscalate(own, audience === 'escalation') : own;
    if (given.length > 0) {
      const table = await writeTable(context, odsCode, given, records);
      const to = {
        odsCode,
        wanted,
        ...(sender ? { name: sender.setting.name } : {}),
        ...(audience === wanted || audience === 'escalation' ? {} : { instead: audience }),
        ...(table === undefined ? {} : { table }),
        ...(context.operatorsContact === undefined ? {} : { operators: context.operatorsContact }),
      };
      await notices.publish(noticeMessage(to, given, records), { senderOds: odsCode, audience });
    }
    if (own.length === 0) continue;
    await takeGiven(table, odsCode, own, clock.now());
  }
};

const isEscalation = (kind: Notice['kind']): boolean => kind === 'escalation' || kind === 'escalation-clear';

/**
 * What was over before they could be told need not be told them; and where nobody is there for that, those who are told
 * instead hear of the end anyway.
 */
const toEscalate = (notices: readonly Notice[], areThere: boolean): readonly Notice[] => {
  const has = (kind: Notice['kind'], { about, code, since }: Notice): boolean =>
    notices.some((one) => one.kind === kind && one.about === about && one.code === code && one.since === since);
  return notices.filter((notice) =>
    notice.kind === 'escalation' ? !has('escalation-clear', notice) : areThere && !has('escalation', notice),
  );
};

/** Gives what waits to be told there. */
export const giveNotices = async (context: GiveContext, audience: string): Promise<void> => {
  const { waiting = [] } = (await readWaiting(context.table, audience)) ?? {};
  if (waiting.length === 0) return;
  await (audience === operators ? giveOperators(context, waiting) : giveSender(context, audience, waiting));
  context.log.info('NOTICES_GIVEN', { odsCode: audience, count: waiting.length });
};
