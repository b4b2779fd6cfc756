import type { WorkContext } from '../../delivery/perform-work.ts';
import type { Ids } from '../../platform/ids.ts';
import type { Measure } from '../../platform/measure.ts';
import type { ConnectionSetting } from '../../senders/connection.ts';

export interface SendContext extends WorkContext {
  readonly connection: ConnectionSetting;
  readonly ids: Ids;
  readonly random: () => number;
  readonly measure: Measure;
  /** Epoch ms when this invocation has certainly ended. */
  readonly deadline: number;
}
