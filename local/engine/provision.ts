import type { Json } from '../aws/events/pattern.ts';
import { isJsonObject } from '../aws/events/pattern.ts';
import type { Assembly, Declaration, Stack } from './assembly.ts';
import type { Site } from './families/family.ts';
import { families } from './families/index.ts';
import { standFor } from './families/without-local-meaning.ts';
import { namedHolds, referencesOf, resolve, type Scope, TemplateError } from './intrinsics.ts';
import { type Resource, type Resources, resourcesOf } from './resources.ts';

/** Every resource after those it refers to or names in DependsOn. Throws for a circle, which CloudFormation refuses too. */
export const inOrder = (resources: Stack['resources']): [string, Declaration][] => {
  const ordered: [string, Declaration][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string, from: readonly string[]): void => {
    const declared = resources.get(id);
    if (!declared || state.get(id) === 'done') return;
    if (state.get(id) === 'open') throw new TemplateError(`Resources need each other: ${[...from, id].join(' → ')}`);
    state.set(id, 'open');
    for (const needed of [...declared.dependsOn, ...referencesOf(declared.properties)]) visit(needed, [...from, id]);
    state.set(id, 'done');
    ordered.push([id, declared]);
  };
  for (const id of resources.keys()) visit(id, []);
  return ordered;
};

/** Types that would be missing here although the cloud has them: refused, because local and cloud must not drift. */
const unknownTypes = (assembly: Assembly): string[] => [
  ...new Set(
    assembly.stacks.flatMap(({ resources }) =>
      [...resources.values()].map(({ type }) => type).filter((type) => !families.has(type) && !standFor(type)),
    ),
  ),
];

const pseudoParameters = (stack: string, { region, account }: Site): Readonly<Record<string, Json>> => ({
  'AWS::Region': region,
  'AWS::AccountId': account,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': stack,
  'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stack}/local`,
  'AWS::NotificationARNs': [],
});

interface Made {
  readonly resources: Resource[];
  readonly exports: Map<string, Json>;
  readonly outputs: Map<string, Json>;
}

const provisionStack = async (stack: Stack, site: Site, made: Made): Promise<void> => {
  const own = new Map<string, Resource>();
  const pseudo = pseudoParameters(stack.name, site);
  const scope: Scope = {
    ref: (name) => own.get(name)?.physicalId ?? stack.parameters.get(name) ?? pseudo[name],
    attribute: (id, name) => own.get(id)?.attributes[name],
    imported: (name) => made.exports.get(name),
    condition: (name) => stack.conditions.get(name),
    mapping: (name, first, second) => {
      const outer = stack.mappings[name];
      const inner = isJsonObject(outer) ? outer[first] : undefined;
      return isJsonObject(inner) ? inner[second] : undefined;
    },
  };
  const applies = (condition: string | undefined) => condition === undefined || namedHolds(condition, scope);

  const create = async (logicalId: string, { type, path, properties }: Declaration): Promise<Resource> => {
    const resolved = resolve(properties, scope);
    const declared = { stack: stack.name, logicalId, path, properties: isJsonObject(resolved) ? resolved : {} };
    const family = families.get(type);
    const creation = family ? await family.create(declared, site) : standFor(type)?.(declared, site);
    if (!creation) throw new TemplateError(`${type} is not known here`);
    return { ...declared, type, physicalId: creation.ref, attributes: creation.attributes };
  };

  for (const [logicalId, declared] of inOrder(stack.resources)) {
    if (!applies(declared.condition)) continue;
    try {
      const resource = await create(logicalId, declared);
      own.set(logicalId, resource);
      made.resources.push(resource);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${declared.type} ${declared.path} could not be made: ${reason}`, { cause });
    }
  }
  for (const [name, { value, exportName, condition }] of stack.outputs) {
    if (!applies(condition)) continue;
    const resolved = resolve(value, scope);
    made.outputs.set(name, resolved);
    if (exportName !== undefined) made.exports.set(String(resolve(exportName, scope)), resolved);
  }
};

/**
 * Makes what the assembly's templates declare, stack after stack, each resource after those it needs. What runs in the
 * engine (functions, rules, roles) is added to `site.plan`. Throws a sentence that names the resource at fault.
 */
export const provision = async (assembly: Assembly, site: Site): Promise<Resources> => {
  const unknown = unknownTypes(assembly);
  if (unknown.length > 0) {
    throw new Error(
      `The templates have resources that mean nothing to the local engine yet: ${unknown.join(', ')}. Add them in local/engine/families/.`,
    );
  }
  const made: Made = { resources: [], exports: new Map(), outputs: new Map() };
  for (const stack of assembly.stacks) await provisionStack(stack, site, made);
  return resourcesOf(made.resources, made.outputs);
};
