import type { WorkContext } from '../../delivery/perform-work.ts';
import type { Ids } from '../../platform/ids.ts';
import type { Measure } from '../../platform/measure.ts';

/** What composing works with. */
export interface ComposeContext extends WorkContext {
  readonly ids: Ids;
  readonly measure: Measure;
  readonly rules: {
    readonly maxPdfBytes: number;
    readonly refusedNhsNumbers: readonly string[];
    readonly allowedNhsNumbers: readonly string[];
    readonly refusedGivenNames: readonly RegExp[];
  };
}
