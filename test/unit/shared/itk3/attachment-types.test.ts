import { describe, expect, it } from 'vitest';
import { attachmentTypeOf, attachmentTypes } from '../../../../shared/itk3/attachment-types.ts';

describe('the approved types of attachment', () => {
  it.each([
    ['application/pdf', 'application/pdf'],
    ['IMAGE/PNG', 'image/png'],
    ['image/jpeg', 'image/jpg'],
    ['image/jpg', 'image/jpg'],
    ['application/mswrtford', 'application/rtf'],
    ['text/rtf', 'application/rtf'],
    ['image/tif', 'image/tiff'],
    ['application/xml', 'text/xml'],
  ])('know %s, which leaves as %s', (given, sent) => {
    expect(attachmentTypeOf(given)?.mediaType).toBe(sent);
  });

  it.each(['application/zip', 'image/gif', 'text/plain; charset=utf-8', '', 'toString'])('do not know %j', (given) => {
    expect(attachmentTypeOf(given)).toBeUndefined();
  });

  it('have no name twice, and one kind of content each', () => {
    const names = attachmentTypes.flatMap(({ mediaType, alsoKnownAs }) => [mediaType, ...alsoKnownAs]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(attachmentTypes.map(({ content }) => content)).size).toBe(attachmentTypes.length);
  });
});
