import type { WorkContext } from '../../delivery/perform-work.ts';
import type { Ids } from '../../platform/ids.ts';
import type { Measure } from '../../platform/measure.ts';
import type { ReadPdfText } from '../../submission/pdf-text/pdf-text-reader.ts';

/** What composing works with. */
export interface ComposeContext extends WorkContext {
  readonly ids: Ids;
  readonly measure: Measure;
  readonly readPdfText: ReadPdfText;
  readonly rules: {
    readonly refusedNhsNumbers: readonly string[];
    readonly allowedNhsNumbers: readonly string[];
    readonly refusedGivenNames: readonly RegExp[];
  };
}
