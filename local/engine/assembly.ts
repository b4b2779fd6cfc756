import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Json, JsonObject } from '../aws/events/pattern.ts';

/** One resource as a template declares it. */
export interface Declaration {
  readonly type: string;
  /** Construct path (`stack/Drops/Resource`); the logical id where the template names none. */
  readonly path: string;
  /** Unresolved. */
  readonly properties: JsonObject;
  readonly dependsOn: readonly string[];
  readonly condition?: string;
}

export interface Output {
  readonly value: Json;
  /** The name other stacks import it by; may hold intrinsics. */
  readonly exportName?: Json;
  readonly condition?: string;
}

export interface Stack {
  readonly name: string;
  readonly resources: ReadonlyMap<string, Declaration>;
  readonly outputs: ReadonlyMap<string, Output>;
  /** Template parameters and their defaults: nothing else ever sets them here. */
  readonly parameters: ReadonlyMap<string, Json>;
  readonly conditions: ReadonlyMap<string, Json>;
  readonly mappings: JsonObject;
}

/** A synthesised cloud assembly: what `cdk deploy` would deploy. */
export interface Assembly {
  /** Every stack after those it depends on. */
  readonly stacks: readonly Stack[];
  /** Folder of a file asset, by the object key that it would be uploaded under. */
  readonly assets: ReadonlyMap<string, string>;
}

const json: z.ZodType<Json> = z.json();
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());
const record = <S extends z.ZodType>(value: S) => z.record(z.string(), value).default({});

const template = z.object({
  Resources: record(
    z.object({
      Type: z.string(),
      Properties: jsonObject.default({}),
      DependsOn: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
      Condition: z.string().optional(),
      Metadata: z.looseObject({ 'aws:cdk:path': z.string().optional() }).default({}),
    }),
  ),
  Outputs: record(
    z.object({ Value: json, Export: z.object({ Name: json }).optional(), Condition: z.string().optional() }),
  ),
  Parameters: record(z.looseObject({ Default: json.optional() })),
  Conditions: record(json),
  Mappings: jsonObject.default({}),
});

const artifact = z.looseObject({
  type: z.string(),
  dependencies: z.array(z.string()).default([]),
  properties: z
    .looseObject({ templateFile: z.string().optional(), file: z.string().optional(), stackName: z.string().optional() })
    .default({}),
});
const manifest = z.object({ artifacts: record(artifact) });

const assetManifest = z.object({
  files: record(
    z.object({
      source: z.looseObject({ path: z.string().optional(), packaging: z.string().optional() }),
      destinations: record(z.looseObject({ objectKey: z.string() })),
    }),
  ),
});

const stackOf = (name: string, text: string): Stack => {
  const parsed = template.parse(JSON.parse(text));
  return {
    name,
    resources: new Map(
      Object.entries(parsed.Resources).map(([id, declared]): [string, Declaration] => [
        id,
        {
          type: declared.Type,
          path: declared.Metadata['aws:cdk:path'] ?? `${name}/${id}`,
          properties: declared.Properties,
          dependsOn: declared.DependsOn,
          ...(declared.Condition === undefined ? {} : { condition: declared.Condition }),
        },
      ]),
    ),
    outputs: new Map(
      Object.entries(parsed.Outputs).map(([id, { Value, Export, Condition }]): [string, Output] => [
        id,
        {
          value: Value,
          ...(Export === undefined ? {} : { exportName: Export.Name }),
          ...(Condition === undefined ? {} : { condition: Condition }),
        },
      ]),
    ),
    parameters: new Map(
      Object.entries(parsed.Parameters).flatMap(([id, { Default }]): [string, Json][] =>
        Default === undefined ? [] : [[id, Default]],
      ),
    ),
    conditions: new Map(Object.entries(parsed.Conditions)),
    mappings: parsed.Mappings,
  };
};

/** Reads what a synthesis wrote: `manifest.json`, templates, asset manifests. Throws for files that CDK does not write. */
export const readAssembly = (dir: string): Assembly => {
  const root = resolve(dir);
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const { artifacts } = manifest.parse(JSON.parse(read('manifest.json')));

  const stacks: Stack[] = [];
  const assets = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (id: string): void => {
    const found = artifacts[id];
    if (!found || seen.has(id)) return;
    seen.add(id);
    for (const dependency of found.dependencies) visit(dependency);
    const { templateFile, file, stackName } = found.properties;
    if (found.type === 'aws:cloudformation:stack' && templateFile !== undefined) {
      stacks.push(stackOf(stackName ?? id, read(templateFile)));
    }
    if (found.type === 'cdk:asset-manifest' && file !== undefined) {
      for (const { source, destinations } of Object.values(assetManifest.parse(JSON.parse(read(file))).files)) {
        const { path } = source;
        if (path === undefined) continue;
        for (const { objectKey } of Object.values(destinations)) assets.set(objectKey, resolve(root, path));
      }
    }
  };
  for (const id of Object.keys(artifacts)) visit(id);
  return { stacks, assets };
};
