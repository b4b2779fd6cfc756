import type { DeliveryContext } from '../../delivery/documents.ts';
import { foreignKey, quarantineKey, quarantineList } from '../../delivery/keys.ts';
import type { Quarantined } from '../../delivery/quarantine.ts';
import { days } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Measure } from '../../platform/measure.ts';
import { change } from '../../platform/table.ts';

type SetAsideContext = DeliveryContext & { readonly log: Log; readonly measure: Measure };

/** MESH keeps a message for five days: longer than that there is nothing to remember. */
const remembered = days(6);

/** Not ours: left in the inbox for its owner, not fetched again, told once. */
export const rememberForeign = async (context: SetAsideContext, mailboxId: string, id: string): Promise<void> => {
  const now = context.clock.now();
  const first = await change<{ at: number }, boolean>(context.table, foreignKey(mailboxId, id), (stored) =>
    stored
      ? { kind: 'keep', result: false }
      : { kind: 'put', item: { at: now }, indexed: { expiresAt: now + remembered }, result: true },
  );
  if (!first) return;
  context.measure.count('ForeignMessages');
  context.log.warn('INBOX_MESSAGE_NOT_OURS', { mailboxId, meshMessageId: id });
};

export const quarantine = async (context: SetAsideContext, id: string, item: Quarantined): Promise<void> => {
  await change<Quarantined, undefined>(context.table, quarantineKey(id), (stored) =>
    stored
      ? { kind: 'keep', result: undefined }
      : {
          kind: 'put',
          item,
          indexed: { mailboxList: quarantineList(item.mailboxId), listedAt: item.at },
          result: undefined,
        },
  );
  context.measure.count('QuarantinedMessages');
  context.log.error('INBOX_MESSAGE_QUARANTINED', { mailboxId: item.mailboxId, meshMessageId: id, why: item.why });
};
