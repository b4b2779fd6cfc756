import data from './profile-rules.json' with { type: 'json' };

/**
 * What FHIR STU3 and the profiles of the standard say about the elements of a Send Document message, as data
 * (profile-rules.json). The shapes come from HL7's schema, the rules from the StructureDefinitions that the
 * MessageDefinition pins; tests compare both with their sources.
 */

/** The elements of a resource or datatype in their order, each as `name: type min..max`; a choice as `name[x]: A/B`. */
export type Shape = readonly string[];

/** Where a profile asks for more than STU3. */
export interface ElementRule {
  /** Path below the profile's type, slices after a colon: `Patient.identifier:nhsNumber.value`. */
  readonly element: string;
  readonly min: number;
  /** A number or `*`. */
  readonly max: string;
  readonly fixed?: string;
  /** What tells the elements of a slice: the value of this child, or the extension's url. */
  readonly when?: Readonly<Record<string, string>>;
  /** The profile that holds for the content of an extension. */
  readonly profile?: string;
}

export interface ProfileRules {
  readonly type: string;
  readonly url: string;
  readonly version: string;
  readonly rules: readonly ElementRule[];
}

/** An element of a shape, read. */
export interface ShapeElement {
  readonly name: string;
  readonly type: string;
  /** The codes that a required binding allows, where there are few. */
  readonly codes: readonly string[] | undefined;
  /** Position in the order of the type; the names of one choice share it, and are counted together. */
  readonly position: number;
  readonly min: number;
  readonly max: number;
}

const limitOf = (max: string | undefined): number => (max === '*' ? Number.POSITIVE_INFINITY : Number(max));
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const readShape = (shape: Shape): readonly ShapeElement[] =>
  shape.flatMap((text, position) => {
    const [, stem = '', choice, types = '', min, max] = /^(\w+)(\[x\])?: (\S+) (\d)\.\.(\d|\*)$/.exec(text) ?? [];
    const of = { position, min: Number(min), max: limitOf(max) };
    if (choice !== undefined)
      return types.split('/').map((type) => ({ ...of, name: `${stem}${capitalised(type)}`, type, codes: undefined }));
    const [, type = types, codes] = /^(\w+)\((.*)\)$/.exec(types) ?? [];
    return [{ ...of, name: stem, type, codes: codes?.split('|') }];
  });

/** Extensions stand outside the data: any datatype may be their value. */
const anyExtension: readonly ShapeElement[] = [
  { name: 'extension', type: 'Extension', codes: undefined, position: 0, min: 0, max: Number.POSITIVE_INFINITY },
];

const shapes = new Map<string, readonly ShapeElement[]>([
  ...Object.entries(data.shapes).map(([type, shape]) => [type, readShape(shape)] as const),
  ['Extension', anyExtension],
]);

/** The elements of a type in their order; undefined for primitives and for types that no message of ours holds. */
export const shapeOf = (type: string): readonly ShapeElement[] | undefined => shapes.get(type);

const profiles: ReadonlyMap<string, ProfileRules> = new Map(Object.entries<ProfileRules>(data.profiles));

export type ProfileId = keyof typeof data.profiles;

interface IndexedRule extends ElementRule {
  /** The element's own name, without its slice. */
  readonly name: string;
  readonly limit: number;
}

const indexed = new Map<string, ReadonlyMap<string, readonly IndexedRule[]>>(
  [...profiles].map(([id, profile]) => {
    const byParent = new Map<string, IndexedRule[]>();
    for (const rule of profile.rules) {
      const cut = rule.element.lastIndexOf('.');
      const parent = rule.element.slice(0, cut);
      const [name = ''] = rule.element.slice(cut + 1).split(':');
      byParent.set(parent, [...(byParent.get(parent) ?? []), { ...rule, name, limit: limitOf(rule.max) }]);
    }
    return [id, byParent];
  }),
);

/** The rules of a profile for the children of the element at `path`. */
export const rulesBelow = (profile: string, path: string): readonly IndexedRule[] =>
  indexed.get(profile)?.get(path) ?? [];

export const typeOfProfile = (profile: string): string => profiles.get(profile)?.type ?? '';
