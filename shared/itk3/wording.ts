import { type DocumentToCompose, displayNameOf } from './document.ts';
import { toLatin1 } from './latin1.ts';
import { type MessageProfile, profiles } from './profiles.ts';

/** Longest value of the Mex-Subject header. */
export const subjectLimit = 500;

type Wording = Pick<DocumentToCompose, 'patient' | 'organisation' | 'version' | 'title'> &
  Partial<Pick<DocumentToCompose, 'confidential'>>;

/** The template of this document: where the patient was seen is left out of a confidential one (GPCM-SD-119). */
const templateOf = (input: Wording, profile: MessageProfile): string =>
  profile.wording.replace(/\[([^\]]*)\]/g, input.confidential ? '' : '$1');

const fixedFacts = (input: Wording) => ({
  nhsNumber: input.patient.nhsNumber,
  ods: input.organisation.odsCode,
  version: String(input.version),
});

const names = (input: Wording) => ({
  title: input.title.trim(),
  name: displayNameOf(input.patient),
  practice: input.organisation.name.trim(),
});

/** One pass over the template, so that a name that looks like a placeholder stays what it is. */
const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (placeholder, key: string) => values[key] ?? placeholder);

/** The sentence of Composition.text (GPCM-SD-119). */
export const textOf = (input: Wording, profile: MessageProfile = profiles.v1): string =>
  fill(templateOf(input, profile), { ...fixedFacts(input), ...names(input) });

// In Latin-1 every code unit is a whole character, so that no cut goes through one.
const shortened = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, Math.max(0, length - 3))}...`;

/** The longest length to which every text may be cut so that all of them together keep within `budget`. */
const fairLength = (lengths: readonly number[], budget: number): number => {
  const ascending = [...lengths].sort((a, b) => a - b);
  let left = budget;
  for (const [index, length] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Number.POSITIVE_INFINITY;
};

/**
 * The MESH subject (GPCM-SD-061, 064): the same sentence in Latin-1, which is all that a header can carry, and at most
 * 500 characters. What makes it too long is a title or a name, so those are cut, the longest first; NHS number, ODS
 * code and version never are.
 */
export const subjectOf = (input: Wording, profile: MessageProfile = profiles.v1): string => {
  const template = templateOf(input, profile);
  const fixed = fixedFacts(input);
  const latin1 = Object.entries(names(input))
    .filter(([key]) => template.includes(`{${key}}`))
    .map(([key, text]) => [key, toLatin1(text)] as const);
  const bare = fill(template, { ...fixed, ...Object.fromEntries(latin1.map(([key]) => [key, ''])) });
  const longest = fairLength(
    latin1.map(([, text]) => text.length),
    subjectLimit - bare.length,
  );
  return fill(template, {
    ...fixed,
    ...Object.fromEntries(latin1.map(([key, text]) => [key, shortened(text, longest)])),
  });
};
