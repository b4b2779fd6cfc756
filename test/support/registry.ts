import type { Client } from '../../shared/callers/client.ts';
import * as callers from '../../shared/callers/registry.ts';
import type { Table } from '../../shared/platform/table.ts';
import type { MailboxSetting } from '../../shared/senders/mailbox.ts';
import * as registry from '../../shared/senders/registry.ts';
import type { Sender } from '../../shared/senders/sender.ts';

/** Settings put by nobody in particular, for tests that are about something else: a sender is active at once. */
const by = 'a test';

export const putSender = async (table: Table, setting: Sender): Promise<void> => {
  await registry.putSender(table, setting, { at: 0, by });
  await registry.switchSenderActive(table, setting.odsCode, true, { at: 0, by });
};

export const putMailbox = async (table: Table, setting: MailboxSetting, at: number): Promise<void> => {
  await registry.putMailbox(table, setting, { at, by });
};

export const putClient = async (table: Table, setting: Client): Promise<void> => {
  await callers.putClient(table, setting, { at: 0, by });
};
