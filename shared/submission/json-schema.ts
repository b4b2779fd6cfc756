import { z } from 'zod';
import { manifestSchema } from './manifest.ts';
import { prettyJson } from './pretty-json.ts';

/** The manifest's JSON Schema (draft 2020-12), made from the schema that checks it: docs/manifest.schema.json. */
export const manifestJsonSchema = (): Record<string, unknown> => {
  const { $schema, ...rest } = z.toJSONSchema(manifestSchema, { io: 'input', target: 'draft-2020-12' });
  return { $schema, ...rest };
};

/** The file's text. */
export const manifestJsonSchemaText = (): string => prettyJson(manifestJsonSchema());
