import { readDocument } from '../delivery/documents.ts';
import type { DocumentRecord } from '../delivery/record.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocumentId } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import { inParallel } from '../platform/parallel.ts';
import type { Table } from '../platform/table.ts';
import type { Topic } from '../platform/topic.ts';
import { readSender } from '../senders/registry.ts';
import { reached, readAddresses } from './addresses.ts';
import { operatorsMessage } from './operators.ts';
import { type Notice, operators, readWaiting, takeGiven } from './pending.ts';
import { noticeMessage } from './words.ts';

export interface GiveContext {
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
  readonly notices: Topic;
  readonly stage: string;
}

const recordsOf = async (table: Table, notices: readonly Notice[]): Promise<ReadonlyMap<string, DocumentRecord>> => {
  const records = new Map<string, DocumentRecord>();
  await inParallel([...new Set(notices.map(({ about }) => about))], 10, async (id) => {
    const record = await readDocument(table, id as DocumentId);
    if (record) records.set(id, record);
    return 'go on';
  });
  return records;
};

const giveOperators = async (context: GiveContext, waiting: readonly Notice[]): Promise<void> => {
  const { table, clock, notices, stage } = context;
  await notices.publish(operatorsMessage(stage, waiting), { audience: 'operators' });
  await takeGiven(
    table,
    operators,
    waiting.map(({ id }) => id),
    clock.now(),
  );
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
    const own = waiting.filter(({ kind }) => (kind === 'escalation') === (wanted === 'escalation'));
    if (own.length === 0) continue;
    const audience = reached(sender?.setting, addresses?.confirmed, wanted);
    const to = {
      odsCode,
      wanted,
      ...(sender ? { name: sender.setting.name } : {}),
      ...(audience === wanted || audience === 'escalation' ? {} : { instead: audience }),
    };
    await notices.publish(noticeMessage(to, own, records), { senderOds: odsCode, audience });
    await takeGiven(
      table,
      odsCode,
      own.map(({ id }) => id),
      clock.now(),
    );
  }
};

/** Gives what waits to be told there. */
export const giveNotices = async (context: GiveContext, audience: string): Promise<void> => {
  const { waiting = [] } = (await readWaiting(context.table, audience)) ?? {};
  if (waiting.length === 0) return;
  await (audience === operators ? giveOperators(context, waiting) : giveSender(context, audience, waiting));
  context.log.info('NOTICES_GIVEN', { odsCode: audience, count: waiting.length });
};
