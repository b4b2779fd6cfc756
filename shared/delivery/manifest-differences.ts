import { type Objects, readWhole } from '../platform/objects.ts';
import { differingPaths } from '../submission/content-identity.ts';
import { type Manifest, manifestLimit, manifestSchema } from '../submission/manifest.ts';
import { manifestObject } from './keys.ts';
import { currentComposition, type DocumentRecord } from './record.ts';

/** Where a refused manifest differs from a stored one: paths only, never values. At least one. */
export const pathsBetween = (stored: Buffer | undefined, mine: Manifest): readonly string[] => {
  const theirs = stored && manifestSchema.safeParse(JSON.parse(stored.toString('utf8')));
  const paths = theirs?.success ? differingPaths(theirs.data, mine) : ['manifest'];
  return paths.length > 0 ? paths : ['pdf'];
};

/** Where it differs from the one that stands in the record: as composed, or, where that may be read, in the inbox. */
export const manifestDifferences = async (
  { messages, drops }: { readonly messages: Objects; readonly drops?: Objects },
  existing: DocumentRecord,
  mine: Manifest,
): Promise<readonly string[]> => {
  const { stored: message, source } = currentComposition(existing);
  const { key, versionId } = source.manifest;
  const stored =
    (message && (await readWhole(messages, manifestObject(message.folder), manifestLimit * 2))) ??
    (drops && (await readWhole(drops, key, manifestLimit, versionId)));
  return stored && stored !== 'too-large' ? pathsBetween(stored.bytes, mine) : ['manifest'];
};
