import type { Clock } from '../platform/clock.ts';
import type { Ids } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import type { Measure } from '../platform/measure.ts';
import type { Objects, UploadForms } from '../platform/objects.ts';
import type { SenderIndex, Table } from '../platform/table.ts';

/** What the API works with. */
export interface ApiContext {
  readonly table: Table & SenderIndex;
  readonly drops: Objects;
  readonly messages: Objects;
  /** The archive, which says who looked. */
  readonly audit: Objects;
  readonly forms: UploadForms;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly measure: Measure;
  readonly limits: {
    readonly maxPdfBytes: number;
    /** Of a PDF inside a request, before base64. */
    readonly maxInlineBytes: number;
    readonly uploadLifeSeconds: number;
  };
}
