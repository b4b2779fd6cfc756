import { child, childrenOf, valueAt, type XmlElement } from './xml-tree.ts';

/** One way in which a message is not what the standard asks. Holds no value of the message. */
export interface MessageIssue {
  /** GPCM-SD-nnn, FHIR-… or the profile's name. */
  readonly requirement: string;
  /** FHIR path inside the message. */
  readonly path: string;
  readonly message: string;
}

export interface Issues {
  readonly found: readonly MessageIssue[];
  add(requirement: string, path: string, message: string): void;
  /** Adds an issue unless `holds`. */
  expect(holds: boolean, requirement: string, path: string, message: string): void;
  /** The primitive at `path` below `element` has exactly this value. */
  value(
    element: XmlElement | undefined,
    path: readonly string[],
    expected: string,
    requirement: string,
    name: string,
  ): void;
  /** The primitive is there and not empty. */
  present(element: XmlElement | undefined, path: readonly string[], requirement: string, name: string): void;
  /** None of these children stand in the element. */
  absent(element: XmlElement | undefined, names: readonly string[], requirement: string, name: string): void;
  /** meta.profile names the profile (GPCM-SD-108). */
  profile(resource: XmlElement | undefined, url: string, name: string): void;
}

export const collectIssues = (): Issues => {
  const found: MessageIssue[] = [];
  const add: Issues['add'] = (requirement, path, message) => void found.push({ requirement, path, message });
  const expect: Issues['expect'] = (holds, requirement, path, message) => {
    if (!holds) add(requirement, path, message);
  };
  const join = (name: string, path: readonly string[]) => [name, ...path].join('.');
  return {
    found,
    add,
    expect,
    value: (element, path, expected, requirement, name) =>
      expect(valueAt(element, ...path) === expected, requirement, join(name, path), `must be "${expected}"`),
    present: (element, path, requirement, name) =>
      expect(valueAt(element, ...path) !== undefined, requirement, join(name, path), 'must be there'),
    absent: (element, names, requirement, name) => {
      for (const unwanted of names)
        expect(child(element, unwanted) === undefined, requirement, join(name, [unwanted]), 'must not be there');
    },
    profile: (resource, url, name) =>
      expect(
        childrenOf(child(resource, 'meta'), 'profile').some((profile) => profile.attributes.get('value') === url),
        'GPCM-SD-108',
        `${name}.meta.profile`,
        `must name ${url}`,
      ),
  };
};

/** An instant or dateTime with seconds and an offset. */
export const isInstant = (text: string | undefined): boolean =>
  text !== undefined &&
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text) &&
  !Number.isNaN(Date.parse(text));
