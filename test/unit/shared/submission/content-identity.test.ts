import { describe, expect, it } from 'vitest';
import { contentDigest, differingPaths } from '../../../../shared/submission/content-identity.ts';
import { manifest } from './support.ts';

const pdf = 'a'.repeat(64);

describe('the identity of content', () => {
  it('is the same for the same facts and PDF, whether the manifest names the PDF or not', () => {
    expect(contentDigest(manifest(), pdf)).toBe(contentDigest(manifest({ pdf: { sha256: pdf } }), pdf));
    expect(contentDigest(manifest(), pdf)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not depend on the order of members or on what was left to its default', () => {
    const { attachments, ...rest } = manifest();
    expect(contentDigest({ attachments, ...rest }, pdf)).toBe(contentDigest(manifest({ attachments: undefined }), pdf));
  });

  it('changes with any fact and with the PDF', () => {
    const digests = [
      contentDigest(manifest(), pdf),
      contentDigest(manifest(), 'b'.repeat(64)),
      contentDigest(manifest({ patient: { family: 'Other' } }), pdf),
      contentDigest(manifest({ title: undefined }), pdf),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('names where two manifests differ, and no values', () => {
    const a = manifest();
    const b = manifest({ patient: { given: ['María'], family: 'Other' }, title: undefined, pdf: { sha256: pdf } });
    expect(differingPaths(a, a)).toEqual([]);
    expect(differingPaths(a, b)).toEqual(['patient.family', 'patient.given[1]', 'pdf', 'title']);
    expect(differingPaths(1, { a: 1 })).toEqual(['manifest']);
  });
});
