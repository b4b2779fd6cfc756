import { createHash } from 'node:crypto';
import type { Manifest } from './manifest.ts';

/** JSON with sorted keys and no white space: equal for equal values. Members that are undefined are left out. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
};

/**
 * SHA-256 (hex) of what was handed over: the manifest and its PDF. Two drops of one identity with the same digest are
 * one drop. Whether the manifest itself named the PDF's digest makes no difference.
 */
export const contentDigest = (manifest: Manifest, pdfSha256: string): string =>
  createHash('sha256')
    .update(canonicalJson({ ...manifest, pdf: { sha256: pdfSha256 } }))
    .digest('hex');

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Where two manifests differ, as paths, sorted; no values. Empty when they say the same. */
export const differingPaths = (a: unknown, b: unknown, path = ''): string[] => {
  if (canonicalJson(a) === canonicalJson(b)) return [];
  if (isContainer(a) && isContainer(b) && Array.isArray(a) === Array.isArray(b)) {
    const step = (key: string) => (Array.isArray(a) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return keys.flatMap((key) => differingPaths(Reflect.get(a, key), Reflect.get(b, key), step(key)));
  }
  return [path === '' ? 'manifest' : path];
};
