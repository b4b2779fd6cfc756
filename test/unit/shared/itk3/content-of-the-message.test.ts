import { describe, expect, it } from 'vitest';
import { messageFacts } from '../../../../shared/itk3/message-facts.ts';
import { descendants } from '../../../../shared/itk3/xml-tree.ts';
import { composed, parsed } from '../../../fixtures/itk3/documents.ts';
import { goldenDocuments } from '../../../fixtures/itk3/golden-documents.ts';

describe.each(goldenDocuments)('the content of the message $name', ({ input, profile, files }) => {
  const read = async () => parsed(await composed(input, { profile, files }));

  it('is every file byte for byte, inside the message and never by URL (GPCM-SD-088, FHIR-PAY-02, FHIR-DOC-09)', async () => {
    const root = await read();
    expect(messageFacts(root).files.map(({ content }) => content)).toEqual(
      files.map((file) => file.toString('base64')),
    );
    const sections = descendants(root, 'section').flatMap((section) => descendants(section, 'reference'));
    expect(sections.map((reference) => reference.attributes.get('value'))).toEqual(
      input.ids.binaryIds.map((id) => `urn:uuid:${id}`),
    );
  });

  it('is one document (FHIR-PAY-01)', async () => {
    const root = await read();
    expect(descendants(root, 'Composition')).toHaveLength(1);
    expect(descendants(root, 'Bundle')).toHaveLength(2);
  });

  it('repeats nothing of the Composition in the text of a section (FHIR-TXT-01)', async () => {
    const parts = descendants(await read(), 'section').flatMap((section) => section.children.map(({ name }) => name));
    expect(new Set(parts)).toEqual(new Set(['title', 'entry']));
  });
});
