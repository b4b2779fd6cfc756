import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { Json, JsonObject } from '../../aws/events/pattern.ts';
import type { Plan } from '../plan.ts';

/** Clients of the local services, with the engine's own credentials. */
export interface Clients {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly secrets: SecretsManagerClient;
  readonly dynamodb: DynamoDBClient;
}

/** Where resources are made. */
export interface Site {
  readonly region: string;
  readonly account: string;
  readonly clients: Clients;
  /** Folders of the functions' bundles, by object key. */
  readonly assets: ReadonlyMap<string, string>;
  readonly plan: Plan;
  /** Takes a sentence on something in the template that local does not act on. */
  warn(sentence: string): void;
}

/** A resource with its properties resolved. */
export interface Declared<P> {
  readonly stack: string;
  readonly logicalId: string;
  readonly path: string;
  readonly properties: P;
}

/** What `Ref` and `Fn::GetAtt` give from now on. */
export interface Creation {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, Json>>;
}

/** One resource type. */
export interface Family {
  readonly type: string;
  create(declared: Declared<JsonObject>, site: Site): Promise<Creation> | Creation;
}

/** CloudFormation takes numbers and booleans as text too. */
export const number = z.coerce.number();
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
export const json: z.ZodType<Json> = z.json();
export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());
export const tags = z.array(z.object({ Key: z.string(), Value: z.string() })).default([]);

/**
 * A type that has a local meaning. `schema` holds the properties acted on, `without` those that deliberately mean
 * nothing here (encryption keys, log settings); any other property is warned about, so that nothing is dropped in silence.
 */
export const family = <S extends z.ZodObject>(
  type: string,
  schema: S,
  without: readonly string[],
  create: (declared: Declared<z.output<S>>, site: Site) => Promise<Creation> | Creation,
): Family => ({
  type,
  create(declared, site) {
    const known = new Set([...Object.keys(schema.shape), ...without]);
    for (const property of Object.keys(declared.properties)) {
      if (!known.has(property)) site.warn(`${type} ${declared.path}: ${property} is not acted on here`);
    }
    const parsed = schema.safeParse(declared.properties);
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
      throw new Error(`${type} ${declared.path} is not as CloudFormation has it: ${faults}`);
    }
    return create({ ...declared, properties: parsed.data }, site);
  },
});

/** The name of a resource that its template leaves to CloudFormation: made of stack and logical id, within `longest`. */
export const generatedName = ({ stack, logicalId }: Declared<unknown>, longest: number, suffix = ''): string => {
  const whole = `${stack}-${logicalId}`;
  if (whole.length + suffix.length <= longest) return `${whole}${suffix}`;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 8);
  return `${whole.slice(0, longest - suffix.length - 9)}-${hash}${suffix}`;
};

/** A UUID that is always the same for the same resource. */
export const generatedUuid = ({ stack, logicalId }: Declared<unknown>): string =>
  createHash('sha256')
    .update(`${stack}/${logicalId}`)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
