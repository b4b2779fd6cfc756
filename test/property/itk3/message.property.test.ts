import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openFhirSchema } from '../../../local/practice/schema.ts';
import { base64Stream } from '../../../shared/itk3/base64.ts';
import { checkMessage } from '../../../shared/itk3/checker.ts';
import { composeProblems } from '../../../shared/itk3/compose-problems.ts';
import type { DocumentToCompose } from '../../../shared/itk3/document.ts';
import { isLatin1, toLatin1 } from '../../../shared/itk3/latin1.ts';
import { messageLength } from '../../../shared/itk3/message.ts';
import { messageFacts } from '../../../shared/itk3/message-facts.ts';
import { profiles } from '../../../shared/itk3/profiles.ts';
import { readResponse } from '../../../shared/itk3/response.ts';
import { routingOf } from '../../../shared/itk3/routing.ts';
import { subjectOf, textOf } from '../../../shared/itk3/wording.ts';
import { isXmlText } from '../../../shared/itk3/xml-text.ts';
import { descendants } from '../../../shared/itk3/xml-tree.ts';
import { composed, documentToCompose, parsed } from '../../fixtures/itk3/documents.ts';
import { responseXml } from '../../fixtures/itk3/responses.ts';

const seed = 20260318;
const schema = openFhirSchema();
afterAll(() => schema.close());

/** Any name that XML can carry at all: every plane, combining marks, markup, tabs and line ends. */
const name = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom('<', '>', '&', '"', "'", '\t', '\n', '\r', ']', '{', '}', '$', 'é'),
      minLength: 1,
    }),
  )
  .filter((text) => isXmlText(text) && text.trim() !== '');
const surname = name.map((text) => text.trim());
const latin1Surname = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 60,
  })
  .map((text) => text.trim())
  .filter((text) => isLatin1(text) && text !== '' && !text.includes('_'));

const people = (family: fc.Arbitrary<string>): fc.Arbitrary<DocumentToCompose> =>
  fc
    .record({
      patient: fc.record({
        nhsNumber: fc.constantFrom('9691375087', '9691375095', '9691375109'),
        family,
        given: fc.array(name, { maxLength: 3 }),
        prefix: fc.option(name, { nil: undefined }),
        birthDate: fc
          .date({ min: new Date('1900-01-01'), max: new Date('2026-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString().slice(0, 10)),
      }),
      practitioner: fc.record({
        sdsUserId: fc.stringMatching(/^\d{12}$/),
        roleProfileId: fc.option(fc.stringMatching(/^\d{12}$/), { nil: undefined }),
        family: name,
        given: fc.array(name, { maxLength: 2 }),
        prefix: fc.option(name, { nil: undefined }),
        phone: fc.option(name, { nil: undefined }),
      }),
      organisation: fc.record({ odsCode: fc.stringMatching(/^[A-Z0-9]{3,10}$/), name, phone: name }),
      version: fc.integer({ min: 1, max: 999 }),
      replaces: fc.option(fc.uuid(), { nil: undefined }),
      composedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    })
    .map(documentToCompose);

describe('any composed message', () => {
  it('passes the schema of HL7 and reads back to what went in, whatever the names are', async () => {
    await fc.assert(
      fc.asyncProperty(people(surname), async (input) => {
        const xml = await composed(input);
        expect(schema.validate(xml)).toEqual([]);
        const root = parsed(xml);
        const facts = messageFacts(root);
        expect(facts.patient).toEqual({
          nhsNumber: input.patient.nhsNumber,
          birthDate: input.patient.birthDate,
          family: input.patient.family,
          given: input.patient.given,
        });
        expect(facts.practitionerGiven).toEqual(input.practitioner.given);
        expect(facts.organisation).toEqual({ odsCode: input.organisation.odsCode, name: input.organisation.name });
        expect(facts.version).toBe(input.version);
        expect(facts.replaces).toBe(input.replaces);
        expect(facts.text).toBe(textOf(input).trim());
        const values = descendants(root, 'value').map((value) => value.attributes.get('value'));
        expect(values).toContain(input.organisation.phone);
      }),
      { seed, numRuns: 150 },
    );
  });

  it('that nothing stands against passes the checker, its headers included (GPCM-SD-038)', async () => {
    await fc.assert(
      fc.asyncProperty(people(latin1Surname), async (input) => {
        expect(composeProblems(input)).toEqual([]);
        const routing = routingOf(input.patient);
        const envelope = {
          to: routing.kind === 'routing' ? routing.to : 'none',
          subject: subjectOf(input),
          workflowId: profiles.v1.workflowId,
          localId: input.organisation.odsCode,
        };
        expect(checkMessage(parsed(await composed(input)), { envelope })).toEqual([]);
      }),
      { seed, numRuns: 150 },
    );
  });

  it('has the length told before and carries the file byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (file) => {
        const input = documentToCompose();
        const xml = await composed(input, { files: [Buffer.from(file)] });
        expect(xml.length).toBe(messageLength(input, [file.length]));
        expect(Buffer.from(messageFacts(parsed(xml)).files[0]?.content ?? '', 'base64')).toEqual(Buffer.from(file));
      }),
      { seed, numRuns: 50 },
    );
  });
});

describe('base64 of a stream', () => {
  it('is that of the whole, however it is cut, and does not mind reused memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 30 }), async (parts) => {
        const reused = Buffer.alloc(50);
        async function* source() {
          for (const part of parts) {
            reused.set(part);
            yield reused.subarray(0, part.length);
          }
        }
        const chunks: Buffer[] = [];
        for await (const chunk of base64Stream(source())) chunks.push(chunk);
        expect(Buffer.concat(chunks).toString('latin1')).toBe(Buffer.concat(parts).toString('base64'));
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('any subject', () => {
  it('is Latin-1, at most 500 characters, and ends with the whole version', () => {
    const long = fc.string({ unit: 'binary', maxLength: 900 }).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(long, long, long, fc.integer({ min: 1, max: 999 }), (family, practice, title, version) => {
        const base = documentToCompose();
        const subject = subjectOf({
          ...base,
          version,
          title,
          patient: { ...base.patient, family },
          organisation: { ...base.organisation, name: practice },
        });
        expect(subject.length).toBeLessThanOrEqual(500);
        expect(isLatin1(subject)).toBe(true);
        expect(subject).toContain('NHS Number: 9691375087');
        expect(subject.endsWith(`, RX1, Version: ${version}`)).toBe(true);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('keeps Latin-1 text as it is', () => {
    fc.assert(
      fc.property(latin1Surname, (text) => {
        expect(toLatin1(text)).toBe(text.replace(/\s/gu, ' ').trim());
      }),
      { seed },
    );
  });
});

describe('reading a response', () => {
  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(['response', 'not-a-response', 'unreadable']).toContain(readResponse(bytes).kind);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('never throws and never turns bad news good, wherever a response is damaged', () => {
    const xml = Buffer.from(responseXml({ code: '30002', responseCode: 'ok', severity: 'information' }));
    fc.assert(
      fc.property(fc.nat(xml.length - 1), fc.nat(40), fc.uint8Array({ maxLength: 5 }), (at, removed, inserted) => {
        const damaged = Buffer.concat([xml.subarray(0, at), inserted, xml.subarray(at + removed)]);
        const reading = readResponse(damaged);
        if (reading.kind === 'response') expect(reading.polarity).toBe('negative');
      }),
      { seed, numRuns: 1000 },
    );
  });
});
