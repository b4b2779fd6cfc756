import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResponse } from '../../../shared/itk3/response.ts';
import { responseCode, responseCodes } from '../../../shared/itk3/response-codes.ts';
import { answeredHeaderId, type ResponseShape, responseXml } from '../../fixtures/itk3/responses.ts';

const seed = 20_260_318;
const options = { seed, numRuns: 400 };

const shapes: fc.Arbitrary<ResponseShape> = fc.record(
  {
    code: fc.constantFrom(...responseCodes.map(({ code }) => code), '99999', 'INVALIDVALUE'),
    responseCode: fc.constantFrom('ok', 'fatal-error', 'transient-error', 'INVALIDTEXT'),
    severity: fc.constantFrom('information', 'fatal', 'error', 'INVALIDTEXT'),
    prefix: fc.constantFrom('', 'f', 'fhir', 'ns0'),
    sender: fc.constantFrom('organization', 'practitioner', 'practitioner without identifier'),
    handling: fc.constantFrom('whole', 'harness', 'none'),
    infAckRequested: fc.boolean(),
    senderReference: fc.constantFrom('None', 'encounter-1', ''),
  },
  { requiredKeys: ['code'] },
);

/** Everything that a reading may hold must be bounded, since it goes on into an item or a log. */
const isSound = (bytes: Uint8Array): boolean => {
  const reading = readResponse(bytes);
  return ['response', 'not-a-response', 'unreadable'].includes(reading.kind) && JSON.stringify(reading).length < 60_000;
};

describe('the reader of responses', () => {
  it('finds what is answered, and level and polarity by the code alone, in any shape that practices send', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const { level, polarity } = responseCode(shape.code ?? '');
        expect(readResponse(Buffer.from(responseXml(shape)))).toMatchObject({
          kind: 'response',
          inResponseTo: answeredHeaderId,
          decisive: shape.code,
          level,
          polarity,
        });
      }),
      options,
    );
  });

  it('takes the id however it is written', () => {
    const written = fc.record({
      before: fc.constantFrom('', ' ', '\t', 'urn:uuid:', ' URN:UUID:'),
      upper: fc.boolean(),
      after: fc.constantFrom('', ' ', '  '),
    });
    fc.assert(
      fc.property(fc.uuid(), written, (id, { before, upper, after }) => {
        const inResponseTo = `${before}${upper ? id.toUpperCase() : id}${after}`;
        expect(readResponse(Buffer.from(responseXml({ inResponseTo })))).toMatchObject({ inResponseTo: id });
      }),
      options,
    );
  });

  it('never throws and never says anything long, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => isSound(bytes)),
      options,
    );
  });

  it('never throws for a response that broke on its way, and never makes one that answers another message', () => {
    const edits = fc.array(
      fc.record({ at: fc.nat(), remove: fc.nat(40), insert: fc.string({ maxLength: 12, unit: 'binary' }) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(shapes, edits, (shape, changes) => {
        let text = responseXml(shape);
        for (const { at, remove, insert } of changes) {
          const from = at % text.length;
          text = text.slice(0, from) + insert + text.slice(from + remove);
        }
        const bytes = Buffer.from(text);
        expect(isSound(bytes)).toBe(true);
        const reading = readResponse(bytes);
        // Damage may lose the id; it cannot make up that of another message of ours, which is what correlation asks.
        if (reading.kind === 'response' && /^[0-9a-f-]{36}$/.test(reading.inResponseTo ?? '')) {
          expect(text.toLowerCase()).toContain(reading.inResponseTo);
        }
      }),
      { ...options, numRuns: 800 },
    );
  });

  it('never throws for bits that fell over, in plain or in UTF-16', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 20 }),
        (wide, flips) => {
          const bytes = Buffer.from(`${wide ? '\ufeff' : ''}${responseXml()}`, wide ? 'utf16le' : 'utf8');
          for (const [at, bit] of flips) {
            const index = at % bytes.length;
            bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
          }
          expect(isSound(bytes)).toBe(true);
        },
      ),
      options,
    );
  });

  it('refuses a document type declaration wherever it stands, so that no entity is ever resolved', () => {
    const declaration = fc.constantFrom(
      '<!DOCTYPE Bundle>',
      '<!DOCTYPE Bundle SYSTEM "http://127.0.0.1/a.dtd">',
      '<!DOCTYPE Bundle [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>',
      '<!DOCTYPE Bundle [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
    );
    fc.assert(
      fc.property(declaration, shapes, fc.boolean(), (doctype, shape, afterDeclaration) => {
        const xml = responseXml(shape);
        const text = afterDeclaration ? xml.replace('?>\n', `?>\n${doctype}`) : doctype + xml.replace(/^.*\?>\n/, '');
        expect(readResponse(Buffer.from(text))).toEqual({
          kind: 'unreadable',
          reason: 'headed by a document type declaration',
        });
      }),
      { ...options, numRuns: 60 },
    );
  });
});
