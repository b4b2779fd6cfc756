import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ElementRule, ProfileRules } from '../../../shared/itk3/profile-rules.ts';
import { child, childrenOf, readXml, valueAt, type XmlElement } from '../../../shared/itk3/xml-tree.ts';

/** Reads the NHS StructureDefinitions into the form of profile-rules.json. */

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder with `profiles/` and `examples/`: SEND_DOCUMENT_FHIR, else `../shared/fhir` beside the project. */
export const fhirFolder = process.env.SEND_DOCUMENT_FHIR ?? join(root, '..', 'shared', 'fhir');
export const hasDefinitions = existsSync(join(fhirFolder, 'profiles'));

/** The profiles of everything in a Send Document message. */
export const profileNames = [
  'ITK-Message-Bundle-1',
  'ITK-MessageHeader-2',
  'Extension-ITK-MessageHandling-2',
  'CareConnect-ITK-Header-Organization-1',
  'ITK-Document-Bundle-1',
  'CareConnect-Composition-1',
  'Extension-CareConnect-CareSettingType-1',
  'ITK-Attachment-Binary-1',
  'CareConnect-Practitioner-1',
  'CareConnect-Organization-1',
  'CareConnect-Patient-1',
  'Extension-CareConnect-NHSNumberVerificationStatus-1',
] as const;

export const readTree = (file: string): XmlElement => {
  const reading = readXml(readFileSync(file), { maxBytes: 50_000_000 });
  if (reading.kind === 'unreadable') throw new Error(`${file} is ${reading.reason}.`);
  return reading.root;
};

export const exampleFiles = (): readonly string[] =>
  readdirSync(join(fhirFolder, 'examples')).map((name) => join(fhirFolder, 'examples', name));

interface Definition {
  readonly path: string;
  readonly slice: string | undefined;
  readonly min: number;
  readonly max: string;
  readonly base: { readonly min: string | undefined; readonly max: string | undefined };
  readonly fixed: string | undefined;
  /** Profile of an extension's content. */
  readonly profile: string | undefined;
  readonly discriminator: string | undefined;
  readonly children: Definition[];
}

const definitionOf = (element: XmlElement): Definition => ({
  path: valueAt(element, 'path') ?? '',
  slice: valueAt(element, 'sliceName'),
  min: Number(valueAt(element, 'min')),
  max: valueAt(element, 'max') ?? '',
  base: { min: valueAt(element, 'base', 'min'), max: valueAt(element, 'base', 'max') },
  fixed: valueAt(element.children.find(({ name }) => name.startsWith('fixed'))),
  profile: childrenOf(element, 'type')
    .filter((type) => valueAt(type, 'code') === 'Extension')
    .map((type) => valueAt(type, 'profile'))[0],
  discriminator: valueAt(child(element, 'slicing'), 'discriminator', 'path'),
  children: [],
});

/** The snapshot as a tree: an element belongs to the last one before it that has its parent's path. */
const treeOf = (definition: XmlElement): Definition => {
  const flat = childrenOf(child(definition, 'snapshot'), 'element').map(definitionOf);
  const latest = new Map<string, Definition>();
  for (const each of flat) {
    latest.get(each.path.slice(0, each.path.lastIndexOf('.')))?.children.push(each);
    latest.set(each.path, each);
  }
  const [first] = flat;
  if (!first) throw new Error('A StructureDefinition without a snapshot.');
  return first;
};

const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const isChoice = (path: string): boolean => path.endsWith('[x]');

/** Which children belong to a slice: those that hold this fixed value at the discriminator. */
const sliceValue = (slice: Definition, discriminator: string | undefined): ElementRule['when'] => {
  if (lastName(slice.path) === 'extension') {
    const url = slice.profile ?? slice.children.find(({ path }) => lastName(path) === 'url')?.fixed;
    return url === undefined ? undefined : { url };
  }
  const name = discriminator ?? '';
  const value = slice.children.find(({ path }) => lastName(path) === name)?.fixed;
  return value === undefined ? undefined : { [name]: value };
};

/** Every rule that says more than STU3 says anyway; nothing below what must not be there. */
const rulesOf = (element: Definition, path: string, known: ReadonlySet<string>): ElementRule[] => {
  const rules: ElementRule[] = [];
  for (const each of element.children) {
    // `value[x]:valueCoding` says that the choice is valueCoding.
    const chosen = each.slice !== undefined && (isChoice(each.path) || lastName(each.path) === each.slice);
    const slice = chosen ? undefined : each.slice;
    const name = chosen ? (each.slice ?? '') : lastName(each.path);
    const full = `${path}.${name}${slice === undefined ? '' : `:${slice}`}`;
    const sliced = slice === undefined ? undefined : element.children.find((one) => one.path === each.path);
    const when = slice === undefined ? undefined : sliceValue(each, sliced?.discriminator);
    const isTighter = String(each.min) !== each.base.min || each.max !== each.base.max;
    const profile = each.profile?.slice(each.profile.lastIndexOf('/') + 1);
    if (name !== 'url' && (isTighter || chosen || each.fixed !== undefined || slice !== undefined))
      rules.push({
        element: full,
        min: each.min,
        max: each.max,
        ...(each.fixed === undefined ? {} : { fixed: each.fixed }),
        ...(when === undefined ? {} : { when }),
        ...(profile !== undefined && known.has(profile) ? { profile } : {}),
      });
    if (each.max !== '0') rules.push(...rulesOf(each, full, known));
  }
  return rules;
};

/** The rules of one profile, in the order of its snapshot. */
export const profileRulesOf = (name: string): ProfileRules => {
  const definition = readTree(join(fhirFolder, 'profiles', `${name}.xml`));
  const type = valueAt(definition, 'type') ?? '';
  return {
    type,
    url: valueAt(definition, 'url') ?? '',
    version: valueAt(definition, 'version') ?? '',
    rules: rulesOf(treeOf(definition), type, new Set<string>(profileNames)),
  };
};
