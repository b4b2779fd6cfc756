import { clientKey } from '../delivery/keys.ts';
import { change, type Stored, type Table } from '../platform/table.ts';
import type { Client } from './client.ts';

/** Clients as items of the one table. */

export const readClient = (table: Table, clientId: string): Promise<(Client & Stored) | undefined> =>
  table.read<Client>(clientKey(clientId));

export const putClient = (table: Table, client: Client): Promise<'created' | 'replaced'> =>
  change<Client, 'created' | 'replaced'>(table, clientKey(client.clientId), (stored) => ({
    kind: 'put',
    item: client,
    result: stored ? 'replaced' : 'created',
  }));
