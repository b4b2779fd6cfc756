import type { IssueCode, Issues } from './issues.ts';
import { isCalendarDate, isInstant } from './issues.ts';
import { type ProfileId, rulesBelow, type ShapeElement, shapeOf, typeOfProfile } from './profile-rules.ts';
import type { XmlElement } from './xml-tree.ts';

/** Said of what HL7's own STU3 asks of every message. */
const base = 'FHIR-STU3';

/** What a primitive's text must look like; any other is only a text that is not empty. */
const primitives: Readonly<Record<string, (text: string) => boolean>> = {
  boolean: (text) => text === 'true' || text === 'false',
  code: (text) => /^\S+( \S+)*$/.test(text),
  id: (text) => /^[A-Za-z0-9.-]{1,64}$/.test(text),
  uri: (text) => /^\S+$/.test(text),
  date: (text) => /^\d{4}(-\d{2})?$/.test(text) || isCalendarDate(text),
  dateTime: (text) => /^\d{4}(-\d{2})?$/.test(text) || isCalendarDate(text) || isInstant(text),
  instant: isInstant,
  integer: (text) => /^-?(0|[1-9]\d*)$/.test(text),
  unsignedInt: (text) => /^(0|[1-9]\d*)$/.test(text),
  positiveInt: (text) => /^[1-9]\d*$/.test(text),
  decimal: (text) => /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text),
};

/** Where rules for an element may stand: the rules of a profile below one of its paths. */
interface Place {
  readonly profile: string;
  readonly path: string;
}

interface Visit {
  readonly element: XmlElement;
  readonly type: string;
  readonly codes?: readonly string[] | undefined;
  readonly places: readonly Place[];
  readonly path: string;
}

export interface ProfileCheck {
  /** The files are not in their places yet: a Binary's content may be empty. */
  readonly skeleton?: boolean;
}

/** The type of what stands in `value[x]` of an extension. */
const extensionValue = (name: string): ShapeElement | undefined => {
  const type = /^value([A-Z]\w*)$/.exec(name)?.[1];
  if (type === undefined) return undefined;
  const primitive = type.charAt(0).toLowerCase() + type.slice(1);
  return { name, type: shapeOf(type) ? type : primitive, codes: undefined, position: 1, min: 0, max: 1 };
};

const isNamed = (child: XmlElement, name: string): boolean =>
  name.endsWith('[x]')
    ? /^[A-Z]/.test(child.name.slice(name.length - 3)) && child.name.startsWith(name.slice(0, -3))
    : child.name === name;

/** Whether the element belongs to a slice: its url or the value of its child is what the rule says. */
const isOfSlice = (child: XmlElement, when: Readonly<Record<string, string>>): boolean =>
  Object.entries(when).every(([name, value]) =>
    name === 'url'
      ? child.attributes.get('url') === value
      : child.children.find((inner) => inner.name === name)?.attributes.get('value') === value,
  );

const cardinality = (min: number, max: number): string => {
  if (max === 0) return 'must not be there';
  if (min === max) return min === 1 ? 'must be there exactly once' : `must be there ${min} times`;
  return max === Number.POSITIVE_INFINITY
    ? `must be there at least ${min} times`
    : `must be there at most ${max} times`;
};

/**
 * Holds a resource against its profile: names, order, cardinalities, slices, fixed values and the form of primitives
 * (profile-rules.json). Does not go into the resources of a bundle's entries, which have profiles of their own. Names
 * of unknown elements are the sender's words, so such an element is told by its place.
 */
export const checkProfile = (
  resource: XmlElement,
  profile: ProfileId,
  name: string,
  issues: Issues,
  options: ProfileCheck = {},
): void => {
  const report = (requirement: string, path: string, message: string, code: IssueCode) =>
    issues.profileFault(requirement, path, message, code);

  const checkPrimitive = ({ element, type, codes, path }: Visit): void => {
    const value = element.attributes.get('value');
    for (const [index, inner] of element.children.entries()) {
      if (inner.name === 'extension')
        visit({ element: inner, type: 'Extension', places: [], path: `${path}.extension` });
      else report(base, `${path}.child[${index}]`, 'has no place in a primitive', 'structure');
    }
    if (value === undefined || value.trim() === '') {
      const isAwaited = options.skeleton && type === 'base64Binary' && value === '';
      const hasExtension = value === undefined && element.children.length > 0;
      if (!isAwaited && !hasExtension) report(base, path, 'must have a value', 'required');
      return;
    }
    if (codes && !codes.includes(value.trim())) report(base, path, `must be one of ${codes.join(', ')}`, 'value');
    else if (primitives[type]?.(value.trim()) === false) report(base, path, `must have the form of ${type}`, 'value');
  };

  const visit = (at: Visit): void => {
    const { element, type, places, path } = at;
    if (type === 'xhtml' || type === 'ResourceContainer') return;
    const shape = shapeOf(type);
    if (!shape) {
      checkPrimitive(at);
      return;
    }
    if (element.text.trim() !== '') report(base, path, 'must not hold text of its own', 'structure');
    const isExtension = type === 'Extension';
    if (isExtension && (element.attributes.get('url') ?? '').trim() === '')
      report(base, `${path}.url`, 'must be there', 'required');

    const counts = new Map<number, number>();
    let reached = -1;
    const placed: (readonly [child: XmlElement, of: ShapeElement])[] = [];
    for (const [index, child] of element.children.entries()) {
      const of = shape.find((one) => one.name === child.name) ?? (isExtension ? extensionValue(child.name) : undefined);
      if (!of) {
        report(base, `${path}.child[${index}]`, 'has no place in STU3', 'structure');
        continue;
      }
      if (of.position < reached)
        report(base, `${path}.${child.name}`, 'stands after an element that it must precede', 'structure');
      reached = Math.max(reached, of.position);
      counts.set(of.position, (counts.get(of.position) ?? 0) + 1);
      placed.push([child, of]);
    }
    for (const of of shape) {
      if (of !== shape.find((one) => one.position === of.position)) continue;
      const count = counts.get(of.position) ?? 0;
      if (count < of.min || count > of.max)
        report(base, `${path}.${of.name}`, cardinality(of.min, of.max), count < of.min ? 'required' : 'structure');
    }
    const held = new Set(element.children.map((inner) => (inner.name === 'extension' ? 'extension' : 'value')));
    if (isExtension && held.size !== 1) report(base, path, 'must hold either a value or extensions', 'invariant');

    const rules = places.flatMap((place) => rulesBelow(place.profile, place.path).map((rule) => ({ place, rule })));
    const belongs = (child: XmlElement, rule: (typeof rules)[number]['rule']) =>
      isNamed(child, rule.name) && (rule.when === undefined || isOfSlice(child, rule.when));
    for (const { place, rule } of rules) {
      const count = element.children.filter((child) => belongs(child, rule)).length;
      const last = rule.element.slice(rule.element.lastIndexOf('.') + 1);
      if (count < rule.min || count > rule.limit)
        report(
          place.profile,
          `${path}.${last}`,
          cardinality(rule.min, rule.limit),
          count < rule.min ? 'required' : 'structure',
        );
    }

    for (const [child, of] of placed) {
      const named = placed.filter(([other]) => other.name === child.name);
      const matching = rules.filter(({ rule }) => belongs(child, rule));
      const slice = matching.map(({ rule }) => rule.element.split(':').at(-1)).at(0);
      const sliced = matching.find(({ rule }) => rule.when !== undefined);
      const position = named.findIndex(([other]) => other === child);
      const below =
        sliced !== undefined
          ? `${path}.${child.name}:${slice}`
          : `${path}.${child.name}${named.length > 1 ? `[${position}]` : ''}`;
      for (const { place, rule } of matching)
        if (rule.fixed !== undefined && child.attributes.get('value')?.trim() !== rule.fixed)
          report(place.profile, below, `must be "${rule.fixed}"`, 'value');
      visit({
        element: child,
        type: of.type,
        codes: of.codes,
        path: below,
        places: [
          ...places.map((place) => ({ profile: place.profile, path: `${place.path}.${child.name}` })),
          ...matching.flatMap(({ place, rule }) => [
            ...(rule.when === undefined ? [] : [{ profile: place.profile, path: rule.element }]),
            ...(rule.profile === undefined ? [] : [{ profile: rule.profile, path: 'Extension' }]),
          ]),
        ],
      });
    }
  };

  const type = typeOfProfile(profile);
  if (resource.name === type) visit({ element: resource, type, places: [{ profile, path: type }], path: name });
};
