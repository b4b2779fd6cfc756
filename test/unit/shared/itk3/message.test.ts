import { afterAll, describe, expect, it } from 'vitest';
import { openFhirSchema } from '../../../../local/practice/schema.ts';
import { checkMessage } from '../../../../shared/itk3/checker.ts';
import { fhirIds } from '../../../../shared/itk3/fhir-ids.ts';
import { composeMessage, messageLength, messageStream } from '../../../../shared/itk3/message.ts';
import { messageFacts } from '../../../../shared/itk3/message-facts.ts';
import { profiles } from '../../../../shared/itk3/profiles.ts';
import { routingOf } from '../../../../shared/itk3/routing.ts';
import { subjectOf } from '../../../../shared/itk3/wording.ts';
import { childrenOf, descendants, valueAt } from '../../../../shared/itk3/xml-tree.ts';
import { chunksOf, composed, documentToCompose, parsed, samplePdf } from '../../../fixtures/itk3/documents.ts';

const schema = openFhirSchema();
afterAll(() => schema.close());

const previous = '11d5b8a5-53f6-5b0c-8f5e-8f2b3f6f0a99';
const twoFiles = documentToCompose({
  files: [
    { contentType: 'application/pdf', title: 'Consultation report' },
    { contentType: 'image/png', title: 'Photograph of the rash' },
  ],
});

describe('the composed message', () => {
  it.each([
    ['a v1 original', documentToCompose(), profiles.v1],
    ['a v1 replacement', documentToCompose({ version: 2, replaces: previous }), profiles.v1],
    ['a v1 document with an attachment', twoFiles, profiles.v1],
    [
      'a practitioner with a family name only',
      documentToCompose({ practitioner: { sdsUserId: '033345750518', family: 'Ashdown', given: [] } }),
      profiles.v1,
    ],
    ['a v2 original', documentToCompose({ title: 'Out of hours summary' }), profiles.v2],
  ])('passes the schema of HL7 and our own checks: %s (FHIR-V&V-01, GPCM-SD-108)', async (_, input, profile) => {
    const xml = await composed(input, { profile });
    expect(schema.validate(xml)).toEqual([]);
    const routing = routingOf(input.patient);
    const envelope = {
      to: routing.kind === 'routing' ? routing.to : '',
      subject: subjectOf(input, profile),
      workflowId: profile.workflowId,
      localId: input.organisation.odsCode,
    };
    expect(checkMessage(parsed(xml), { profile, envelope })).toEqual([]);
  });

  it('says what the fixed values of version 1 are (GPCM-SD-039 to 049)', async () => {
    const root = parsed(await composed(documentToCompose()));
    const parts = Object.fromEntries(
      descendants(root, 'extension')
        .filter((extension) => extension.children.length === 1)
        .map((extension) => [
          extension.attributes.get('url'),
          valueAt(extension.children[0]) ??
            valueAt(extension.children[0], 'code') ??
            valueAt(extension.children[0], 'reference'),
        ]),
    );
    expect(parts).toMatchObject({
      BusAckRequested: 'true',
      InfAckRequested: 'true',
      RecipientType: 'FA',
      MessageDefinition: 'https://fhir.nhs.uk/STU3/MessageDefinition/ITK-GPConnectSendDocument-MessageDefinition-1',
      SenderReference: '846ebe66-5ff8-4499-bc57-a112d3d0daa3',
      LocalExtension: 'SendDocument-ConsultationReport',
    });
    const header = descendants(root, 'MessageHeader')[0];
    expect(valueAt(header, 'event', 'code')).toBe('ITK007C');
    expect(valueAt(header, 'source', 'endpoint')).toBe('RX1OT001');
    expect(valueAt(header, 'timestamp')).toBe('2026-03-18T10:15:07+00:00');
  });

  it('reads back to the facts that went in', async () => {
    const input = documentToCompose({ version: 3, replaces: previous });
    const facts = messageFacts(parsed(await composed(input)));
    expect(facts).toEqual({
      event: 'ITK007C',
      messageHeaderId: input.ids.messageHeaderId,
      documentBundleId: input.ids.documentBundleId,
      replaces: previous,
      senderReference: input.encounterId,
      senderOds: 'RX1',
      businessAckRequested: true,
      infrastructureAckRequested: true,
      version: 3,
      text: "Consultation report for Maren Sól O'Hara-Lindqvist, NHS Number: 9691375087, seen at Harbour & Vale Walk-in Centre, RX1, Version: 3",
      title: 'Consultation report',
      patient: {
        nhsNumber: '9691375087',
        birthDate: '1957-01-09',
        family: "O'Hara-Lindqvist",
        given: ['Maren', 'Sól'],
      },
      practitionerGiven: ['Piers'],
      organisation: { odsCode: 'RX1', name: 'Harbour & Vale Walk-in Centre' },
      files: [{ contentType: 'application/pdf', content: samplePdf.toString('base64') }],
    });
  });

  it('uses one id D for the document bundle, its identifier, the composition’s and the outer identifier', async () => {
    const input = documentToCompose();
    const root = parsed(await composed(input));
    const document = descendants(root, 'Bundle').find((bundle) => valueAt(bundle, 'type') === 'document');
    const composition = descendants(root, 'Composition')[0];
    const ids = [root, document, composition].map((resource) => valueAt(resource, 'identifier', 'value'));
    expect([...ids, valueAt(document, 'id')]).toEqual(Array(4).fill(input.ids.documentBundleId));
  });

  it('gives every file its own section and Binary, the report first (GPCM-SD-109, 110, 112, 124)', async () => {
    const root = parsed(await composed(twoFiles, { files: [samplePdf, Buffer.from('picture')] }));
    const sections = descendants(root, 'section');
    expect(sections.map((section) => valueAt(section, 'title'))).toEqual([
      'Consultation report',
      'Photograph of the rash',
    ]);
    expect(sections.flatMap((section) => childrenOf(section, 'entry')).map((e) => valueAt(e, 'reference'))).toEqual(
      twoFiles.ids.binaryIds.map((id) => `urn:uuid:${id}`),
    );
    expect(messageFacts(root).files.map((file) => Buffer.from(file.content, 'base64').toString('latin1'))).toEqual([
      samplePdf.toString('latin1'),
      'picture',
    ]);
  });

  it('is the same bytes for the same input, UTF-8 without a byte order mark', async () => {
    const [one, two] = [await composed(documentToCompose()), await composed(documentToCompose())];
    expect(one.equals(two)).toBe(true);
    expect(one.subarray(0, 38).toString('latin1')).toBe('<?xml version="1.0" encoding="UTF-8"?>');
    expect(one.includes(Buffer.from('Sól', 'utf8'))).toBe(true);
  });

  it('has the length that was told before', async () => {
    const files = [Buffer.alloc(1001, 7), Buffer.alloc(2, 1)];
    const xml = await composed(twoFiles, { files });
    expect(messageLength(twoFiles, [1001, 2])).toBe(xml.length);
  });

  it('holds a version id only in version 2', async () => {
    const [v1, v2] = [
      await composed(documentToCompose()),
      await composed(documentToCompose(), { profile: profiles.v2 }),
    ];
    expect(v1.toString()).not.toContain('versionId');
    expect(v2.toString()).toContain('<versionId value="1"/>');
    expect(v2.toString()).toContain('<extension url="LocalExtension"><valueString value="None"/></extension>');
  });

  it('is not composed with files that have no place, or with a place that has no file', async () => {
    const input = documentToCompose();
    const read = async (files: AsyncIterable<Uint8Array>[]) => {
      for await (const _ of messageStream(input, files));
    };
    await expect(read([])).rejects.toThrow('as many places');
    await expect(read([chunksOf(samplePdf), chunksOf(samplePdf)])).rejects.toThrow('as many places');
    expect(composeMessage(input).pieces).toHaveLength(2);
  });

  it('breaks off when a file breaks off', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield samplePdf;
      throw new Error('lost');
    }
    await expect(async () => {
      for await (const _ of messageStream(documentToCompose(), [broken()]));
    }).rejects.toThrow('lost');
  });
});

describe('the ids of a composition (FHIR-VER-01)', () => {
  const documentId = '6f3c1f1e-3d77-5a3a-8a55-0d7c1b6a3e10';
  const flat = (composition: number, files = 1) => {
    const { binaryIds, ...rest } = fhirIds(documentId, composition, files);
    return [...Object.values(rest), ...binaryIds];
  };

  it('are the same when composed again, all different, and none shared with another composition', () => {
    expect(flat(1, 3)).toEqual(flat(1, 3));
    expect(new Set([...flat(1, 3), ...flat(2, 3)]).size).toBe(22);
    for (const id of flat(1))
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('do not change when a file is added', () => {
    expect(flat(1, 2).slice(0, 9)).toEqual(flat(1, 1));
  });
});
