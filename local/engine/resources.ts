import type { Json, JsonObject } from '../aws/events/pattern.ts';

/** Something of the template that exists now. */
export interface Resource {
  readonly stack: string;
  readonly logicalId: string;
  /** Construct path, such as `send-document-local-data/Drops/Resource`. */
  readonly path: string;
  readonly type: string;
  /** What `Ref` gives: a bucket's or function's name, a queue's URL, a topic's or secret's ARN. */
  readonly physicalId: string;
  /** What `Fn::GetAtt` gives. */
  readonly attributes: Readonly<Record<string, Json>>;
  /** As created: every function worked out. */
  readonly properties: JsonObject;
}

/** What was made of an assembly, to be found by what its author calls it. The finders throw where there is not one. */
export interface Resources {
  readonly all: readonly Resource[];
  byLogicalId(logicalId: string): Resource;
  /** By construct path or its end, without CDK's own last part: `Drops`, `Outbox/Queue`, `a-stack/Drops`. */
  byPath(path: string): Resource;
  byType(type: string): readonly Resource[];
  /** The physical id of what `byPath` or `byLogicalId` finds. */
  physicalName(pathOrLogicalId: string): string;
  /** A stack's output by its name, as text. */
  output(name: string): string;
}

const one = (found: readonly Resource[], what: string): Resource => {
  const [first, ...others] = found;
  if (!first) throw new Error(`Nothing in the assembly is called ${what}`);
  if (others.length > 0) {
    throw new Error(`${what} is ambiguous: ${found.map(({ path, type }) => `${path} (${type})`).join(', ')}`);
  }
  return first;
};

const constructPath = (path: string): string => path.replace(/\/(Resource|Default)$/, '');

export const resourcesOf = (all: readonly Resource[], outputs: ReadonlyMap<string, Json>): Resources => {
  const atPath = (path: string) =>
    all.filter((each) => {
      const whole = constructPath(each.path);
      return whole === path || whole.endsWith(`/${path}`);
    });
  const withId = (logicalId: string) => all.filter((each) => each.logicalId === logicalId);
  return {
    all,
    byLogicalId: (logicalId) => one(withId(logicalId), logicalId),
    byPath: (path) => one(atPath(path), path),
    byType: (type) => all.filter((each) => each.type === type),
    physicalName(name) {
      const found = atPath(name);
      return one(found.length > 0 ? found : withId(name), name).physicalId;
    },
    output(name) {
      const value = outputs.get(name);
      if (value === undefined) throw new Error(`No stack has an output ${name}`);
      return String(value);
    },
  };
};
