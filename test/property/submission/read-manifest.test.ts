import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeManifest, manifestBytes } from '../../../local/samples/variants.ts';
import { canonicalJson, differingPaths } from '../../../shared/submission/content-identity.ts';
import { readJson } from '../../../shared/submission/json-text.ts';
import { readManifest } from '../../../shared/submission/read-manifest.ts';
import { checkManifest } from '../../../shared/submission/rules.ts';
import { context } from '../../unit/shared/submission/support.ts';

const seed = 20240318;

describe('reading JSON', () => {
  it('agrees with JSON.parse on every value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(readJson(text, 20)).toEqual({ kind: 'json', value: JSON.parse(text), doubled: [] });
      }),
      { seed, numRuns: 500 },
    );
  });

  it('agrees with JSON.parse on what is no JSON', () => {
    const accepts = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const damaged = fc
      .tuple(
        fc.jsonValue({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', '"', ',', '{', ']', '\\', '\n', '0', '-', '\u0001'),
      )
      .map(([value, at, put]) => {
        const text = JSON.stringify(value);
        const place = at % (text.length + 1);
        return `${text.slice(0, place)}${put}${text.slice(place + 1)}`;
      });
    fc.assert(
      fc.property(damaged, (text) => {
        expect(readJson(text, 50).kind === 'json').toBe(accepts(text));
      }),
      { seed, numRuns: 1000 },
    );
  });
});

describe('reading a manifest', () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readManifest(bytes).kind).toBe('unreadable');
      }),
      { seed, numRuns: 300 },
    );
  });

  it('never throws and never repeats a value, whatever stands in a field', () => {
    const paths = Object.keys(makeManifest());
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 }), (field, value) => {
        const secret = 'Zebedee-Marker';
        const manifest = {
          ...makeManifest({ patient: { family: `${secret}_` }, practitioner: { phone: `${secret}\n` } }),
          [field]: [value, { [secret]: secret }],
        };
        const read = readManifest(Buffer.from(JSON.stringify(manifest)));
        if (read.kind !== 'partial') throw new Error(`read as ${read.kind}`);
        const problems = [...read.problems, ...checkManifest(read.salvaged, context())];
        expect(problems.length).toBeGreaterThan(0);
        expect(JSON.stringify(problems)).not.toContain(secret);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('gives back the names that were written, trimmed and composed', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => {
      const kept = text.trim().normalize('NFC');
      // What is refused by name: controls, turns of the writing direction, the mark of a lost letter.
      return kept !== '' && kept.length <= 60 && !/[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069\uFFFD-\uFFFF]/u.test(text);
    });
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1, maxLength: 4 }), (family, given) => {
        const read = readManifest(manifestBytes(makeManifest({ patient: { family: ` ${family} `, given } })));
        if (read.kind !== 'manifest') throw new Error(JSON.stringify(read.problems));
        expect(read.manifest.patient.family).toBe(family.trim().normalize('NFC'));
        expect(read.manifest.patient.given).toEqual(given.map((name) => name.trim().normalize('NFC')));
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('canonical JSON', () => {
  it('is the same however members are ordered, and differs where a value does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), fc.jsonValue(), (members, extra) => {
        const turned = Object.fromEntries(Object.entries(members).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson(members));
        expect(JSON.parse(canonicalJson(members))).toEqual(JSON.parse(JSON.stringify(members)));
        expect(differingPaths(members, turned)).toEqual([]);
        const changed = { ...members, 'only here': [extra] };
        expect(canonicalJson(changed) === canonicalJson(members)).toBe(differingPaths(members, changed).length === 0);
      }),
      { seed, numRuns: 300 },
    );
  });
});
