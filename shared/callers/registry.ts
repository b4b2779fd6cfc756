import { toBeWritten } from '../audit/registry-journal.ts';
import { clientKey, clientsKey, clientVersionKey } from '../delivery/keys.ts';
import type { Stored, Table } from '../platform/table.ts';
import {
  editEntry,
  type Kind,
  listEntries,
  type PutOutcome,
  putSetting,
  readEntry,
  type Switched,
  versionsOf,
} from '../registry/entries.ts';
import { type Changed, unversioned, type Version, withWhat } from '../registry/versioned.ts';
import type { Client, ClientItem } from './client.ts';

/** Clients as items of the one table, with every version of their settings, as senders and mailboxes are. */
const clients: Kind<ClientItem> = {
  listKey: clientsKey,
  key: clientKey,
  versionKey: clientVersionKey,
  current: (stored) => ('setting' in stored ? (stored as ClientItem) : unversioned(stored as Client)),
  indexed: (client) => (toBeWritten(client) ? { nextCheckAt: 0 } : undefined),
};

export const readClient = (table: Table, clientId: string): Promise<(ClientItem & Stored) | undefined> =>
  readEntry(table, clients, clientId);

/** Every client that was put, by its id. */
export const listClients = (table: Table): Promise<readonly (ClientItem & Stored)[]> => listEntries(table, clients);

/** Every version of its settings, oldest first, the one that stands last; empty where there is no such client. */
export const clientVersions = (table: Table, clientId: string): Promise<readonly Version<Client>[]> =>
  versionsOf(table, clients, clientId);

/** Puts a client's setting as its next version. With `over`, only if that version still stands. */
export const putClient = (table: Table, setting: Client, changed: Changed, over?: number): Promise<PutOutcome> =>
  putSetting<Client, ClientItem>(table, clients, setting.clientId, setting, changed, (item) => item, over);

/** Whether it is let in. */
export const switchClientActive = (table: Table, clientId: string, active: boolean, changed: Changed) =>
  editEntry<ClientItem, Switched>(table, clients, clientId, (item) => {
    const { deactivated: was, ...rest } = item;
    if ((was === undefined) === active) return { result: { kind: 'same', ...(was ? { since: was } : {}) } };
    const next: ClientItem = { ...rest, ...(active ? {} : { deactivated: changed }) };
    return {
      item: withWhat(next, active ? 'activated' : 'deactivated', changed),
      result: { kind: 'changed', ...(was ? { was } : {}) },
    };
  });
