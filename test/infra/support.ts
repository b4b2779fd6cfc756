import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { type SendDocument, sendDocument } from '../../infra/send-document.ts';
import { root } from './root.ts';

export const account = '111122223333';
const region = 'eu-west-2';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One resource of a template with every intrinsic replaced by a stand-in of the right form. */
export interface Resource {
  readonly stack: 'data' | 'operations' | 'pipeline' | 'api';
  readonly id: string;
  readonly type: string;
  readonly properties: Json;
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
}

export interface Synthesised {
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly dockerImages: number;
  of(type: string): readonly Resource[];
  /** The one resource of this type whose logical id begins so. */
  one(type: string, idPrefix: string): Resource;
  /** What `Ref` or `Fn::GetAtt` on it became. */
  ref(resource: Resource): string;
  arn(resource: Resource): string;
}

/**
 * The app as `cdk.json` configures it, but without bundling, and without asking CloudFormation's own rules, which takes
 * seconds each time: `synthesiseChecked` does. `before` may spoil it before it is synthesised.
 */
export const synthesise = (
  context: Readonly<Record<string, unknown>> = {},
  before: (system: SendDocument) => void = () => {},
): Synthesised => {
  process.env.CDK_VALIDATION = 'false';
  try {
    return synthesiseChecked(context, before);
  } finally {
    delete process.env.CDK_VALIDATION;
  }
};

export const synthesiseChecked = (
  context: Readonly<Record<string, unknown>> = {},
  before: (system: SendDocument) => void = () => {},
): Synthesised => {
  const outdir = mkdtempSync(join(tmpdir(), 'send-document-infra-'));
  try {
    const flags: Json = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context;
    const app = new App({ outdir, context: { ...flags, 'aws:cdk:bundling-stacks': [], ...context } });
    const system = sendDocument(app);
    before(system);
    const assembly = app.synth();
    const { data, operations, pipeline, api } = system;
    const stacks = { data, operations, pipeline, api };
    const templates = Object.entries(stacks).map(([stack, { artifactId }]) => ({
      stack: stack as keyof typeof stacks,
      template: assembly.getStackArtifact(artifactId).template as {
        Resources: Record<
          string,
          { Type: string; Properties?: Json; DeletionPolicy?: string; UpdateReplacePolicy?: string }
        >;
        Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>;
      },
    }));
    const dockerImages = Object.keys(stacks)
      .map((name) => stacks[name as keyof typeof stacks].artifactId)
      .map((id) => JSON.parse(readFileSync(join(outdir, `${id}.assets.json`), 'utf8')))
      .reduce((total, assets) => total + Object.keys(assets.dockerImages ?? {}).length, 0);
    return view(templates, dockerImages);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
};

const view = (
  templates: readonly {
    stack: Resource['stack'];
    template: {
      Resources: Record<
        string,
        { Type: string; Properties?: Json; DeletionPolicy?: string; UpdateReplacePolicy?: string }
      >;
      Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>;
    };
  }[],
  dockerImages: number,
): Synthesised => {
  const typeOf = (id: string): string | undefined =>
    templates.map(({ template }) => template.Resources[id]?.Type).find((type) => type !== undefined);
  const exported = (name: unknown): unknown => {
    for (const { template } of templates) {
      const output = Object.values(template.Outputs ?? {}).find(({ Export }) => Export?.Name === name);
      if (output) return resolve(output.Value);
    }
    throw new Error(`Nothing exports ${String(name)}`);
  };
  const refTo = (id: string): string => {
    const pseudo: Record<string, string> = {
      'AWS::AccountId': account,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
    };
    const known = pseudo[id];
    if (known !== undefined) return known;
    const type = typeOf(id);
    if (type === undefined) throw new Error(`Ref to ${id}, which is not there`);
    if (type === 'AWS::SQS::Queue') return `https://sqs.${region}.amazonaws.com/${account}/${id}`;
    if (type === 'AWS::SNS::Topic') return arnOf(id);
    return id.toLowerCase();
  };
  const arnOf = (id: string): string => {
    const type = typeOf(id);
    if (type === 'AWS::S3::Bucket') return `arn:aws:s3:::${id.toLowerCase()}`;
    const service = type?.split('::')[1]?.toLowerCase() ?? 'unknown';
    return `arn:aws:${service}:${region}:${account}:${id.toLowerCase()}`;
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (!isObject(value)) return value;
    if (typeof value.Ref === 'string') return refTo(value.Ref);
    const getAtt = value['Fn::GetAtt'];
    if (Array.isArray(getAtt)) {
      const [id, attribute] = getAtt.map(String);
      return attribute === 'Arn' ? arnOf(id ?? '') : `${id}.${attribute}`;
    }
    const joined = value['Fn::Join'];
    if (Array.isArray(joined)) return (resolve(joined[1]) as unknown[]).join(String(joined[0]));
    const split = value['Fn::Split'];
    if (Array.isArray(split)) return String(resolve(split[1])).split(String(split[0]));
    const select = value['Fn::Select'];
    if (Array.isArray(select)) return (resolve(select[1]) as unknown[])[Number(select[0])];
    if (typeof value['Fn::Sub'] === 'string') {
      return value['Fn::Sub'].replace(/\$\{([^}]+)\}/g, (_, id: string) => refTo(id));
    }
    if ('Fn::ImportValue' in value) return exported(value['Fn::ImportValue']);
    const unknown = Object.keys(value).find((key) => key.startsWith('Fn::'));
    if (unknown) throw new Error(`No stand-in for ${unknown}`);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  };
  const resources: Resource[] = templates.flatMap(({ stack, template }) =>
    Object.entries(template.Resources).map(([id, resource]) => ({
      stack,
      id,
      type: resource.Type,
      properties: resolve(resource.Properties ?? {}) as Json,
      deletionPolicy: resource.DeletionPolicy,
      updateReplacePolicy: resource.UpdateReplacePolicy,
    })),
  );
  const outputs = Object.fromEntries(
    templates.flatMap(({ template }) =>
      Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, resolve(Value)] as const),
    ),
  );
  const of = (type: string) => resources.filter((resource) => resource.type === type);
  return {
    resources,
    outputs,
    dockerImages,
    of,
    one(type, idPrefix) {
      const found = of(type).filter(({ id }) => id.startsWith(idPrefix));
      const [only] = found;
      if (only === undefined || found.length > 1) throw new Error(`${found.length} of ${type} ${idPrefix}`);
      return only;
    },
    ref: ({ id }) => refTo(id),
    arn: ({ id }) => arnOf(id),
  };
};
