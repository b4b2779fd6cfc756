import { makeManifest, manifestBytes } from '../../../../local/samples/variants.ts';
import { profiles } from '../../../../shared/itk3/profiles.ts';
import type { Manifest } from '../../../../shared/submission/manifest.ts';
import { readManifest } from '../../../../shared/submission/read-manifest.ts';
import type { CheckContext } from '../../../../shared/submission/rules.ts';

/** A test environment in which the sample may be sent. */
export const context = (over: Partial<CheckContext> = {}): CheckContext => ({
  now: Date.parse('2024-03-18T10:05:00Z'),
  odsCode: 'A12345',
  profileFor: () => profiles.v1,
  senderSettings: { requireDigest: false },
  production: false,
  refusedNhsNumbers: ['999*', '9000000009', '9691375*', '9691376*', '9657702*', '9686477*'],
  allowedNhsNumbers: ['9691375*', '9000000009'],
  refusedGivenNames: [/^noresponse$/i, /^[123]\d{4}$/, /^IB\d{3}$/i],
  ...over,
});

export const codes = (problems: readonly { path: string; code: string }[]): string[] =>
  problems.map(({ path, code }) => `${path} ${code}`).sort();

/** The sample's manifest with overrides, read. */
export const manifest = (...[overrides]: Parameters<typeof makeManifest>): Manifest => {
  const read = readManifest(manifestBytes(makeManifest(overrides)));
  if (read.kind !== 'manifest') throw new Error(JSON.stringify(read.problems));
  return read.manifest;
};
