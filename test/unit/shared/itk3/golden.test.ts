import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { openFhirSchema } from '../../../../local/practice/schema.ts';
import { checkMessage } from '../../../../shared/itk3/checker.ts';
import { composeProblems } from '../../../../shared/itk3/compose-problems.ts';
import { profileOfWorkflow } from '../../../../shared/itk3/profiles.ts';
import { routingOf } from '../../../../shared/itk3/routing.ts';
import { subjectOf } from '../../../../shared/itk3/wording.ts';
import { composed, parsed } from '../../../fixtures/itk3/documents.ts';
import { goldenDocuments } from '../../../fixtures/itk3/golden-documents.ts';

/**
 * Messages kept to the byte: a document that was composed before must be composed to the same bytes again. They are
 * written again with `UPDATE=1 npx vitest run test/unit/shared/itk3/golden.test.ts`, for a reason from the standard only.
 */
const update = process.env.UPDATE === '1';
const at = (name: string) => new URL(`../../../fixtures/itk3/golden/${name}.xml`, import.meta.url);

const schema = openFhirSchema();
afterAll(() => schema.close());

describe.each(goldenDocuments)('the golden message $name', ({ name, input, profile, files }) => {
  it('is composed to the same bytes as ever', async () => {
    const xml = await composed(input, { profile, files });
    if (update) await writeFile(at(name), xml);
    expect(xml.toString('utf8')).toBe(await readFile(at(name), 'utf8'));
  });

  it('has nothing against it, passes the schema of HL7 and our own checks (FHIR-V&V-01, GPCM-SD-108)', async () => {
    expect(composeProblems(input, profile)).toEqual([]);
    const xml = await readFile(at(name));
    expect(schema.validate(xml)).toEqual([]);
    const routing = routingOf(input.patient);
    const envelope = {
      to: routing.kind === 'routing' ? routing.to : '',
      subject: subjectOf(input, profile),
      workflowId: profile.workflowId,
      localId: input.organisation.odsCode,
    };
    expect(checkMessage(parsed(xml), { profile, envelope })).toEqual([]);
    // A receiver knows the generation by the workflow, and nothing of what the sender chose within it.
    const generation = profileOfWorkflow(profile.workflowId) ?? profile;
    expect(checkMessage(parsed(xml), { profile: generation, envelope })).toEqual([]);
  });
});
