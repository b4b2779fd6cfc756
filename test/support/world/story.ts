import { createHash } from 'node:crypto';
import {
  type ManifestOverrides,
  makeManifest,
  makePdf,
  manifestBytes,
  sha256Of,
} from '../../../local/samples/variants.ts';
import { type DocumentId, documentIdOf, type OdsCode } from '../../../shared/platform/ids.ts';
import { files, named } from '../attachments.ts';
import type { SenderOds, World } from './world.ts';

/** What organisations hand over, well and badly. */

export interface Handed {
  readonly documentId: DocumentId;
  readonly odsCode: SenderOds;
  readonly encounterId: string;
  readonly version: number;
  /** Under which its receipts go. */
  readonly name: string;
}

/** Without a PDF of its own for each: it is the manifest that makes a document. */
const pdfs = [makePdf({ text: 'Seen and advised.' }), makePdf({ text: 'Seen, and advised otherwise.' })] as const;

export interface HandOver {
  readonly odsCode?: SenderOds;
  readonly name?: string;
  readonly version?: number;
  readonly encounterId: string;
  readonly overrides?: ManifestOverrides;
  readonly attachments?: boolean;
  /** The other PDF than the one that everybody drops. */
  readonly otherPdf?: boolean;
  /** Only this half. */
  readonly half?: 'pdf' | 'manifest';
}

/** Puts a drop as an organisation does. */
export const handOver = async (world: World, what: HandOver): Promise<Handed> => {
  const { odsCode = 'RX1', encounterId, version = 1, overrides = {} } = what;
  const name = what.name ?? `${encounterId}-${version}`;
  const pdf = await pdfs[what.otherPdf ? 1 : 0];
  const [png, text] = [files['image/png'], files['text/plain']];
  const manifest = makeManifest({
    pdf: { sha256: sha256Of(pdf) },
    encounterId,
    version,
    ...(what.attachments ? { attachments: [named('scan.png', png), named('notes.txt', text, 'text/plain')] } : {}),
    ...overrides,
  });
  const at = (rest: string) => `inbox/${odsCode}/${name}${rest}`;
  const puts: (() => Promise<unknown>)[] = [];
  if (what.half !== 'manifest') puts.push(() => world.drops.put(at('.pdf'), pdf));
  if (what.half !== 'pdf') puts.push(() => world.drops.put(at('.json'), manifestBytes(manifest)));
  if (what.attachments) {
    puts.push(() => world.drops.put(at('/scan.png'), png));
    puts.push(() => world.drops.put(at('/notes.txt'), text));
  }
  const turn = createHash('sha256').update(name).digest()[0] ?? 0;
  if (turn % 2 === 1) puts.reverse();
  for (const put of puts) await put();
  return {
    documentId: documentIdOf(odsCode as string as OdsCode, encounterId, version),
    odsCode,
    encounterId,
    version,
    name,
  };
};
