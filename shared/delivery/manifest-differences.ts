import { type Objects, readWhole } from '../platform/objects.ts';
import { differingPaths } from '../submission/content-identity.ts';
import { type Manifest, manifestLimit } from '../submission/manifest.ts';
import { readManifest } from '../submission/read-manifest.ts';
import { manifestObject } from './keys.ts';
import { type Composition, currentComposition, type DocumentRecord } from './record.ts';

/** Where a refused manifest differs from a stored one: paths only, never values. At least one. */
export const pathsBetween = (stored: Buffer | undefined, mine: Manifest): readonly string[] => {
  const theirs = stored && readManifest(stored);
  const paths = theirs?.kind === 'manifest' ? differingPaths(theirs.manifest, mine) : ['manifest'];
  return paths.length > 0 ? paths : ['pdf'];
};

interface ManifestPlaces {
  readonly messages: Objects;
  readonly drops?: Objects;
}

/** The manifest of a composition: as composed, or, where that may be read, in the inbox. */
export const storedManifest = async (
  { messages, drops }: ManifestPlaces,
  { stored: message, source }: Composition,
): Promise<Buffer | undefined> => {
  const { key, versionId } = source.manifest;
  const found =
    (message && (await readWhole(messages, manifestObject(message.folder), manifestLimit * 2))) ??
    (drops && (await readWhole(drops, key, manifestLimit, versionId)));
  return found && found !== 'too-large' ? found.bytes : undefined;
};

/** Where a manifest differs from the one that stands in the record. */
export const manifestDifferences = async (
  places: ManifestPlaces,
  existing: DocumentRecord,
  mine: Manifest,
): Promise<readonly string[]> => {
  const stored = await storedManifest(places, currentComposition(existing));
  return stored ? pathsBetween(stored, mine) : ['manifest'];
};
