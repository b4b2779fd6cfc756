import { assuranceCases, type Requirement, requirements, sections } from './catalogue.ts';
import type { NamedTest } from './test-names.ts';

/** docs/requirements.md, out of the catalogue and the names of the tests. */

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** The files whose tests name the id. */
const proofs = (id: string, tests: readonly NamedTest[]): string => {
  const files = new Set(tests.filter(({ ids }) => ids.includes(id)).map(({ file }) => file));
  return [...files]
    .map((file) => `[${file.slice(file.lastIndexOf('/') + 1).replace('.test.ts', '')}](../${file})`)
    .join(', ');
};

const how = (requirement: Requirement, id: string, tests: readonly NamedTest[]): string => {
  const { met } = requirement;
  const proven = proofs(id, tests);
  if (met.by === 'system') return `${proven}${met.note === undefined ? '' : `; ${escaped(met.note)}`}`;
  const who = met.by === 'nobody' ? 'Does not apply' : `**${met.by.charAt(0).toUpperCase()}${met.by.slice(1)}**`;
  return `${who}: ${escaped(met.why)}${proven === '' ? '' : ` (touched by ${proven})`}`;
};

const table = (rows: readonly (readonly string[])[]): string =>
  [
    '| Id | Versions | What it asks | Proven by |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

/** Ids that this system must meet and no test names. */
export const unproven = (tests: readonly NamedTest[]): readonly string[] =>
  requirements
    .filter(({ met }) => met.by === 'system')
    .flatMap(({ ids }) => ids)
    .filter((id) => !tests.some(({ ids }) => ids.includes(id)));

/** Ids in names of tests that the standard does not have. */
export const unknown = (tests: readonly NamedTest[]): readonly string[] => {
  const known = new Set([...requirements.flatMap(({ ids }) => ids), ...assuranceCases]);
  return tests.flatMap(({ file, ids }) => ids.filter((id) => !known.has(id)).map((id) => `${id} in ${file}`));
};

export const requirementsPage = (tests: readonly NamedTest[]): string => {
  const count = (by: Requirement['met']['by']) =>
    requirements.filter(({ met }) => met.by === by).reduce((sum, { ids }) => sum + ids.length, 0);
  const system = count('system');
  return [
    '# Requirements',
    '',
    '<!-- Written by test/unit/docs/requirements.test.ts; do not edit. -->',
    '',
    'What GP Connect Send Document (1.3.x and 2.0.x) and ITK3 ask of whoever sends a document, in our words, and the tests',
    'that prove it: those whose names hold the id. Where there is none, it says who meets the requirement instead. Ids are',
    'those of the standard; being proven here is not assurance, which NHS England gives to each deployment.',
    '',
    `Of ${requirements.flatMap(({ ids }) => ids).length} ids ${system} are proven here, ${count('clinical system')} belong to the clinical system, ${count('receiver')} to the receiver, ${count('nobody')} do not apply, and **${count('not yet')} are not met yet**.`,
    '',
    ...sections.flatMap(({ title, requirements: list }) => [
      `## ${title}`,
      '',
      table(
        list.flatMap((requirement) =>
          requirement.ids.map((id) => [
            id,
            requirement.versions,
            escaped(requirement.says),
            how(requirement, id, tests),
          ]),
        ),
      ),
      '',
    ]),
  ].join('\n');
};
