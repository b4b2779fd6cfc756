import type { WorkContext } from '../../delivery/perform-work.ts';
import type { Measure } from '../../platform/measure.ts';
import type { Objects } from '../../platform/objects.ts';
import type { MailboxIndex, Table } from '../../platform/table.ts';
import type { ConnectionSetting } from '../../senders/connection.ts';

export interface PollContext extends WorkContext {
  readonly table: Table & MailboxIndex;
  readonly archive: Objects;
  readonly connection: ConnectionSetting;
  readonly measure: Measure;
  /** Epoch ms when this invocation has certainly ended. */
  readonly deadline: number;
}
