import { indexedRecord, type StoredRecord } from '../../delivery/documents.ts';
import { type DropItem, indexedDrop } from '../../delivery/drop.ts';
import { mailboxKey, splitKey } from '../../delivery/keys.ts';
import type { WorkContext } from '../../delivery/perform-work.ts';
import type { Quarantined } from '../../delivery/quarantine.ts';
import { indexedQuarantined } from '../../delivery/quarantine-decision.ts';
import { minutes, seconds } from '../../platform/clock.ts';
import { errorText } from '../../platform/log.ts';
import type { Measure } from '../../platform/measure.ts';
import { workShards } from '../../platform/names.ts';
import type { Objects } from '../../platform/objects.ts';
import type { Queue } from '../../platform/queue.ts';
import type { Subscriptions } from '../../platform/subscriptions.ts';
import type { AttentionIndex, SenderIndex, Stored, Table, UnsentIndex } from '../../platform/table.ts';
import type { Topic } from '../../platform/topic.ts';
import type { ConnectionSetting } from '../../senders/connection.ts';
import { declareDeployment, type QueueUrls } from '../../senders/deployment.ts';
import { listMailboxes } from '../../senders/registry.ts';
import { measureStanding } from './measure-standing.ts';
import { writeEntriesOf } from './registry-entries.ts';
import { sweepInbox } from './sweep-inbox.ts';
import { watchDocument } from './watch-document.ts';
import { watchDrop } from './watch-drop.ts';
import { watchMailbox } from './watch-mailbox.ts';
import { watchParked } from './watch-parked.ts';
import { watchAddresses, watchNotices, watchPeople } from './watch-people.ts';
import { watchQuarantined } from './watch-quarantined.ts';
import { watchResumed } from './watch-resumed.ts';

export interface WatchContext extends WorkContext {
  readonly table: Table & UnsentIndex & AttentionIndex & SenderIndex;
  readonly archive: Objects;
  readonly outbox: Queue;
  readonly ingest: Queue;
  readonly polls: Queue;
  /** Where the queues are, for operators, who have only the table. */
  readonly queueUrls?: QueueUrls;
  /** Where notices to people go, and who gets them. */
  readonly notices: Topic;
  /** For commands, which have only the table. */
  readonly noticesTopicArn: string;
  readonly subscribers: Pick<Subscriptions, 'list'>;
  /** How organisations reach the operators. */
  readonly operatorsContact?: string;
  readonly connection: ConnectionSetting;
  readonly measure: Measure;
  /** Epoch ms when this invocation has certainly ended. */
  readonly deadline: number;
}

/** Per shard and tick; what is left is due the next minute, earliest first. */
const batch = 100;
/** With less left of the invocation no further item is begun. */
const stopWhenRemaining = seconds(30);

/**
 * Each minute: everything on the work index that is due, then what lies in the inbox unfinished. The index only finds
 * candidates; each decision reads its item. One item that fails does not stop the others.
 */
export const watch = async (context: WatchContext): Promise<void> => {
  const { table, clock, log, measure } = context;
  await standing(context);
  await watchAddresses(context);
  let failed = 0;
  // A shard that cannot be read waits for the next minute; the others do not wait with it.
  const shards = await Promise.all(
    workShards.map((shard) =>
      table.due(shard, clock.now(), batch).catch((error: unknown) => {
        failed += 1;
        log.error('WATCH_SHARD_UNREAD', { what: shard, error: errorText(error) });
        return [];
      }),
    ),
  );
  const isMailbox = (key: string) => splitKey(key).kind === 'MAILBOX';
  const found = shards.flat().sort((a, b) => a.nextCheckAt - b.nextCheckAt);
  // Mailboxes first, and all that are registered: whatever else is wrong, and however late the index, polls go on.
  const registered = await listMailboxes(table).catch((error: unknown) => {
    failed += 1;
    log.error('WATCH_MAILBOXES_UNREAD', { error: errorText(error) });
    return [];
  });
  const mailboxes = [
    ...registered.map(({ setting }) => mailboxKey(setting.mailboxId)),
    ...found.flatMap(({ key }) => (isMailbox(key) ? [key] : [])),
  ];
  const due = [...new Set(mailboxes), ...found.flatMap(({ key }) => (isMailbox(key) ? [] : [key]))];
  for (const key of due) {
    if (context.deadline - clock.now() < stopWhenRemaining) break;
    try {
      await watchItem(context, key);
    } catch (error) {
      failed += 1;
      log.error('WATCH_ITEM_FAILED', { what: splitKey(key).kind, error: errorText(error) });
      await postpone(context, key).catch(() => undefined);
    }
  }
  await watchPeople(context);
  const swept = await sweepInbox(context);
  measure.count('ItemsFailed', failed);
  log.info('WATCH_DONE', { count: due.length + swept });
};

/** An item that fails goes behind the others: at the head of its shard it would keep them from being looked at. */
const postpone = async (context: WatchContext, key: string): Promise<void> => {
  const { table, clock, settings } = context;
  const nextCheckAt = clock.now() + minutes(10);
  const stored = await table.read<object>(key);
  if (!stored) return;
  const { kind } = splitKey(key);
  const indexed =
    kind === 'DOC'
      ? indexedRecord(stored as StoredRecord, clock.now(), settings)
      : kind === 'DROP'
        ? indexedDrop(stored as DropItem & Stored)
        : kind === 'QUARANTINE'
          ? indexedQuarantined(stored as Quarantined & Stored)
          : {};
  await table.write(key, stored, stored.revision, { ...indexed, nextCheckAt });
};

/**
 * First, and emitted at once: when there is more to do than this invocation has time for, the alarms must know all the
 * more. What cannot be measured does not stop the work, which goes on; the alarms hear the silence.
 */
const standing = async (context: WatchContext): Promise<void> => {
  try {
    await declareDeployment(context.table, {
      stage: context.connection.stage,
      archiveBucket: context.archive.bucket,
      noticesTopicArn: context.noticesTopicArn,
      ...(context.queueUrls ? { queues: context.queueUrls } : {}),
    });
    await measureStanding(context);
    context.measure.flush();
  } catch (error) {
    context.measure.count('ItemsFailed');
    context.log.error('WATCH_STANDING_UNKNOWN', { error: errorText(error) });
  }
};

const watchItem = (context: WatchContext, key: string): Promise<void> => {
  const { kind, rest } = splitKey(key);
  switch (kind) {
    case 'DOC':
      return watchDocument(context, rest);
    case 'MAILBOX':
      return watchMailbox(context, rest);
    case 'SENDER':
    case 'CLIENT':
    case 'PAUSE':
    case 'REDRIVES':
      return writeEntriesOf(context, key);
    case 'DROP':
      return watchDrop(context, rest);
    case 'PARKED':
      return watchParked(context, rest);
    case 'NOTICES':
      return watchNotices(context, rest);
    case 'RESUMED':
      return watchResumed(context);
    case 'QUARANTINE':
      return watchQuarantined(context, rest);
    default:
      throw new Error(`Nothing watches items of the kind ${kind}.`);
  }
};
