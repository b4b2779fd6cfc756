import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { requirements } from '../../support/requirements/catalogue.ts';
import { requirementsPage, unknown, unproven } from '../../support/requirements/page.ts';
import { namedTests, testNames } from '../../support/requirements/test-names.ts';

/** docs/requirements.md is written again with `UPDATE=1 npx vitest run test/unit/docs/requirements.test.ts`. */
const update = process.env.UPDATE === '1';
const page = new URL('../../../docs/requirements.md', import.meta.url);
const stale = 'docs/requirements.md is older than the tests: run this test once with UPDATE=1 and commit the file.';

const tests = namedTests();

describe('the requirements of the standard', () => {
  it('that this system meets are each named by a test', () => {
    expect(unproven(tests)).toEqual([]);
  });

  it('are the only ones that tests name', () => {
    expect(unknown(tests)).toEqual([]);
  });

  it('stand once each in the catalogue, with a reason wherever another meets them', () => {
    const ids = requirements.flatMap((requirement) => requirement.ids);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(requirements.filter(({ met }) => met.by !== 'system' && met.why.trim() === '')).toEqual([]);
  });

  it('are listed in the documents as they stand in the tests', async () => {
    const filled = requirementsPage(tests);
    if (update) await writeFile(page, filled);
    expect((await readFile(page, 'utf8')) === filled, stale).toBe(true);
  });
});

describe('the names of tests', () => {
  it('are read with every row of a table, and through what TypeScript adds', () => {
    const source = `
      describe.each(all)('a $name (GPCM-SD-001)', () => {
        it.each([['GPCM-SD-002', 1], ['GPCM-SD-003', 2]] satisfies [string, number][])('finds %s', () => {});
        it(\`is \${one} (FHIR-V&V-01)\`, () => { expect('GPCM-SD-004').toBe(1); });
        it.skipIf(true)('is RC-HS-01', () => {});
      });`;
    expect(testNames.namesIn(source)).toEqual([
      'a $name (GPCM-SD-001)',
      'finds GPCM-SD-002',
      'finds GPCM-SD-003',
      'is … (FHIR-V&V-01)',
      'is RC-HS-01',
    ]);
  });

  it('hold ids only where they are written in full', () => {
    expect(testNames.idsIn('GPCM-SD-123, 131 and SD-132, FHIR-V&V-01, GPCM-SD-TST-01, GPC-SD08, RC-HS-02')).toEqual([
      'GPCM-SD-123',
      'FHIR-V&V-01',
      'GPCM-SD-TST-01',
      'GPC-SD08',
      'RC-HS-02',
    ]);
  });
});
