import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkMessageBytes } from '../../../../shared/itk3/checker.ts';
import { readResponse } from '../../../../shared/itk3/response.ts';
import { exampleFiles, hasDefinitions, profileNames, profileRulesOf } from '../../../support/profiles/definitions.ts';
import { shapesOfSchema } from '../../../support/profiles/shapes.ts';

/**
 * The rules are written again from their sources with
 * `UPDATE=1 npx vitest run test/unit/shared/itk3/profile-rules.test.ts`, and then formatted.
 */
const written = z.object({
  shapes: z.record(z.string(), z.array(z.string())),
  profiles: z.record(z.string(), z.looseObject({ url: z.string(), version: z.string() })),
});

const update = process.env.UPDATE === '1';
const file = new URL('../../../../shared/itk3/profile-rules.json', import.meta.url);
if (update && hasDefinitions) {
  const profiles = Object.fromEntries(profileNames.map((name) => [name, profileRulesOf(name)]));
  writeFileSync(file, `${JSON.stringify({ shapes: shapesOfSchema(), profiles }, null, 2)}\n`);
}

const reason = hasDefinitions ? '' : ' (skipped: no StructureDefinitions in SEND_DOCUMENT_FHIR or ../shared/fhir)';

const rules = written.parse(JSON.parse(readFileSync(file, 'utf8')));

describe('the rules of the profiles', () => {
  it('hold the order and cardinalities of HL7’s own schema', () => {
    expect(rules.shapes).toEqual(shapesOfSchema());
  });

  it('cover every profile of the standard, each with its version (GPCM-SD-108)', () => {
    expect(Object.keys(rules.profiles)).toEqual(profileNames);
    for (const { url, version } of Object.values(rules.profiles)) {
      expect(url).toMatch(/^https:\/\/fhir\.(nhs|hl7\.org)\.uk\/STU3\/StructureDefinition\//);
      expect(version).toMatch(/^\d\.\d\.0$/);
    }
  });
});

describe.skipIf(!hasDefinitions)(`the NHS StructureDefinitions${reason}`, () => {
  it.each(profileNames)('say what our rules say: %s', (name) => {
    expect(rules.profiles[name]).toEqual(profileRulesOf(name));
  });
});

describe.skipIf(!hasDefinitions)(`the published examples${reason}`, () => {
  it('are answers, which the checker survives and says so', () => {
    const files = exampleFiles();
    expect(files.length).toBeGreaterThan(0);
    for (const example of files) {
      const bytes = readFileSync(example);
      expect(readResponse(bytes).kind).toBe('response');
      const { kind, issues } = checkMessageBytes(bytes);
      expect(kind).toBe('checked');
      expect(issues.flatMap(({ requirements }) => requirements)).toContain('GPCM-SD-047');
    }
  });
});
