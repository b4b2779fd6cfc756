import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { manifestJsonSchema, manifestJsonSchemaText } from '../../../../shared/submission/json-schema.ts';
import {
  attachmentTypeTable,
  fieldTable,
  fillPage,
  problemTable,
} from '../../../../shared/submission/manifest-page.ts';

/** Generated pages are written again with `UPDATE=1 npx vitest run test/unit/shared/submission/json-schema.test.ts`. */
const update = process.env.UPDATE === '1';
const at = (path: string) => new URL(`../../../../${path}`, import.meta.url);
const stale = 'is older than the code: run this test once with UPDATE=1 in the environment and commit the file.';

const holds = async (path: string, text: string) => {
  if (update) await writeFile(at(path), text);
  const found = await readFile(at(path), 'utf8').catch(() => '');
  expect(found === text, `${path} ${stale}`).toBe(true);
};

describe('what is published about the manifest', () => {
  it('has the JSON Schema that the code checks by', async () => {
    await holds('docs/manifest.schema.json', manifestJsonSchemaText());
  });

  it('has the fields, the problem codes and the sample that the code has', async () => {
    const page = await readFile(at('docs/manifest.md'), 'utf8');
    const sample = await readFile(at('local/samples/consultation.json'), 'utf8');
    const filled = fillPage(page, {
      example: `\`\`\`json\n${sample.trim()}\n\`\`\``,
      fields: fieldTable(),
      'attachment types': attachmentTypeTable(),
      problems: problemTable(),
    });
    await holds('docs/manifest.md', filled);
  });

  it('describes every field', () => {
    const undescribed = fieldTable()
      .split('\n')
      .filter((row) => / \|\s*\|$/.test(row));
    expect(undescribed).toEqual([]);
    expect(manifestJsonSchema()).toMatchObject({ type: 'object', additionalProperties: false });
  });

  it('gives every problem code a sentence and advice', () => {
    for (const row of problemTable().split('\n').slice(2)) {
      expect(row).toMatch(/^\| `[A-Z][A-Z0-9_]+` \| .+\. \| .+[.)] \|$/);
    }
  });
});
