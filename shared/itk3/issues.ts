import { urnOf } from './fixed-values.ts';
import { child, childrenOf, valueAt, type XmlElement } from './xml-tree.ts';

/** Of FHIR's issue types, those that a message can deserve. */
export type IssueCode = 'structure' | 'required' | 'value' | 'invariant' | 'not-found' | 'duplicate' | 'business-rule';

/** One way in which a message is not what the standard asks. Holds no value of the message. */
export interface MessageIssue {
  /** A warning leaves the message conformant. */
  readonly severity: 'error' | 'warning';
  readonly code: IssueCode;
  /** GPCM-SD-nnn, FHIR-…, the profile's name, or the invariant's. */
  readonly requirements: readonly string[];
  /** FHIR path inside the message, slices after a colon, positions from 0. */
  readonly path: string;
  readonly message: string;
}

/** One id, or several that ask the same. */
export type Requirement = string | readonly string[];

export interface Issues {
  readonly found: readonly MessageIssue[];
  add(requirement: Requirement, path: string, message: string, code?: IssueCode): void;
  /** Adds an issue unless `holds`. */
  expect(holds: boolean, requirement: Requirement, path: string, message: string, code?: IssueCode): void;
  warn(requirement: Requirement, path: string, message: string): void;
  /** What a profile says: joined to what was already found at the same path, so that one fault is told once. */
  profileFault(profile: string, path: string, message: string, code: IssueCode): void;
  /** The primitive at `path` below `element` has exactly this value. */
  value(
    element: XmlElement | undefined,
    path: readonly string[],
    expected: string,
    requirement: Requirement,
    name: string,
  ): void;
  /** The reference at `element` leads to the resource of this id; ids are the sender's words and stay unsaid. */
  leads(
    element: XmlElement | undefined,
    path: string,
    id: string | undefined,
    requirement: Requirement,
    message: string,
  ): void;
  /** The primitive is there and not empty. */
  present(element: XmlElement | undefined, path: readonly string[], requirement: Requirement, name: string): void;
  /** None of these children stand in the element. */
  absent(element: XmlElement | undefined, names: readonly string[], requirement: Requirement, name: string): void;
  /** meta.profile names the profile (GPCM-SD-108). */
  profile(resource: XmlElement | undefined, url: string, name: string): void;
}

export const collectIssues = (): Issues => {
  const found: MessageIssue[] = [];
  const put = (
    severity: MessageIssue['severity'],
    code: IssueCode,
    requirement: Requirement,
    path: string,
    message: string,
  ) => {
    const requirements = typeof requirement === 'string' ? [requirement] : requirement;
    found.push({ severity, code, requirements, path, message });
  };
  const add: Issues['add'] = (requirement, path, message, code = 'value') =>
    put('error', code, requirement, path, message);
  const expect: Issues['expect'] = (holds, requirement, path, message, code) => {
    if (!holds) add(requirement, path, message, code);
  };
  const join = (name: string, path: readonly string[]) => [name, ...path].join('.');
  return {
    found,
    add,
    expect,
    warn: (requirement, path, message) => put('warning', 'business-rule', requirement, path, message),
    profileFault: (profile, path, message, code) => {
      const at = found.findIndex((issue) => issue.path === path && issue.severity === 'error');
      const known = found[at];
      if (!known) add(profile, path, message, code);
      else if (!known.requirements.includes(profile))
        found[at] = { ...known, requirements: [...known.requirements, profile] };
    },
    value: (element, path, expected, requirement, name) => {
      const actual = valueAt(element, ...path);
      const code = actual === undefined ? 'required' : 'value';
      expect(actual === expected, requirement, join(name, path), `must be "${expected}"`, code);
    },
    leads: (element, path, id, requirement, message) => {
      const reference = valueAt(element, 'reference');
      expect(
        id !== undefined && reference === urnOf(id),
        requirement,
        path,
        message,
        reference === undefined ? 'required' : 'not-found',
      );
    },
    present: (element, path, requirement, name) =>
      expect(valueAt(element, ...path) !== undefined, requirement, join(name, path), 'must be there', 'required'),
    absent: (element, names, requirement, name) => {
      for (const unwanted of names)
        expect(
          child(element, unwanted) === undefined,
          requirement,
          join(name, [unwanted]),
          'must not be there',
          'structure',
        );
    },
    profile: (resource, url, name) =>
      expect(
        childrenOf(child(resource, 'meta'), 'profile').some((profile) => profile.attributes.get('value') === url),
        'GPCM-SD-108',
        `${name}.meta.profile`,
        `must name ${url}`,
        'required',
      ),
  };
};

/** An instant or dateTime with seconds and an offset. */
export const isInstant = (text: string | undefined): boolean =>
  text !== undefined &&
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text) &&
  isCalendarDate(text.slice(0, 10)) &&
  !Number.isNaN(Date.parse(text));

/** YYYY-MM-DD, a day that exists. */
export const isCalendarDate = (text: string | undefined): boolean => {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

export const isUuid = (text: string | undefined): boolean =>
  text !== undefined && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
