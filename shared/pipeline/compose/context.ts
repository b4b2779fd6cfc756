import type { WorkContext } from '../../delivery/perform-work.ts';
import type { Log } from '../../platform/log.ts';
import type { Measure } from '../../platform/measure.ts';

/** What composing works with. */
export interface ComposeContext extends WorkContext {
  readonly log: Log;
  readonly measure: Measure;
  readonly rules: {
    readonly maxPdfBytes: number;
    readonly refusedNhsNumbers: readonly string[];
    readonly allowedNhsNumbers: readonly string[];
    readonly refusedGivenNames: readonly RegExp[];
  };
}
