import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { errorTable } from '../../../shared/api/errors-page.ts';
import { openApiDocument } from '../../../shared/api/openapi.ts';
import { apiProblems } from '../../../shared/platform/api-problems.ts';
import { type ApiRoute, apiRoutes } from '../../../shared/platform/api-routes.ts';
import { fillPage } from '../../../shared/submission/manifest-page.ts';
import { problemCodes } from '../../../shared/submission/problems.ts';
import { type ApiRig, type Call, createApiRig, requestId } from './support.ts';

/** Generated pages are written again with `UPDATE=1 npx vitest run test/contract/api/openapi.test.ts`. */
const update = process.env.UPDATE === '1';
const at = (path: string) => new URL(`../../../${path}`, import.meta.url);
const stale = 'is older than the code: run this test once with UPDATE=1 in the environment and commit the file.';
const holds = async (path: string, text: string) => {
  if (update) await writeFile(at(path), text);
  const found = await readFile(at(path), 'utf8').catch(() => '');
  expect(found === text, `${path} ${stale}`).toBe(true);
};

const json = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.object({ schema: json, example: z.unknown() }));
const operation = z.object({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(json).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content })),
});
const published = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), json), parameters: z.record(z.string(), json) }),
});
type Published = z.infer<typeof published>;

let document: Published;
let rig: ApiRig;
beforeAll(async () => {
  const text = `# Made from the code (shared/api/openapi.ts); a test holds it to routes, schemas and answers.\n${stringify(openApiDocument(), { aliasDuplicateObjects: false, lineWidth: 0 })}`;
  await holds('docs/api/openapi.yaml', text);
  document = published.parse(parse(await readFile(at('docs/api/openapi.yaml'), 'utf8')));
  rig = await createApiRig();
});
afterAll(() => rig.close());

const operationsOf = ({ paths }: Published) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => ({ path, method: method.toUpperCase(), operation: each })),
  );
const operationOf = (id: string) => {
  const found = operationsOf(document).find((each) => each.operation.operationId === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found.operation;
};

/** The schema that the file has, as a check: nothing of the code's own schemas is in it. */
const checkOf = (schema: Readonly<Record<string, unknown>>): z.ZodType => {
  const name = typeof schema.$ref === 'string' ? schema.$ref.replace('#/components/schemas/', '') : undefined;
  const resolved = name === undefined ? schema : document.components.schemas[name];
  if (!resolved) throw new Error(`no schema ${name}`);
  return z.fromJSONSchema(resolved);
};

describe('docs/api/openapi.yaml', () => {
  it('has every route with its scope, and no other', () => {
    const routes: [string, ApiRoute][] = Object.entries(apiRoutes);
    expect(
      operationsOf(document)
        .map(({ path, method, operation: { operationId, security } }) => ({
          operationId,
          path,
          method,
          scope: security[0]?.token?.[0],
        }))
        .sort((a, b) => a.operationId.localeCompare(b.operationId)),
    ).toEqual(
      routes
        .map(([operationId, { resource, method, scope }]) => ({ operationId, path: resource, method, scope }))
        .sort((a, b) => a.operationId.localeCompare(b.operationId)),
    );
  });

  it('has examples that its own schemas take', () => {
    const examples = operationsOf(document).flatMap(({ operation: { operationId, requestBody, responses } }) => [
      ...(requestBody
        ? Object.values(requestBody.content).map((each) => [`${operationId} request`, each] as const)
        : []),
      ...Object.entries(responses).flatMap(([status, response]) =>
        Object.values(response.content).map((each) => [`${operationId} ${status}`, each] as const),
      ),
    ]);
    expect(examples.length).toBeGreaterThan(30);
    for (const [name, { schema, example }] of examples) {
      expect(checkOf(schema).safeParse(example).error?.issues, name).toBeUndefined();
    }
  });

  it('has schemas that refuse what is not listed', () => {
    const answer = operationOf('ping').responses['200']?.content['application/json'];
    expect(checkOf(answer?.schema ?? {}).safeParse({ status: 'up', more: 1 }).success).toBe(false);
  });

  it('demands X-Request-ID wherever a token is demanded', () => {
    for (const { operation: each } of operationsOf(document)) {
      const refs = each.parameters.map(({ $ref }) => $ref);
      expect(refs.includes('#/components/parameters/RequestId')).toBe(each.security.length > 0);
    }
    expect(document.components.parameters.RequestId).toMatchObject({ name: 'X-Request-ID', required: true });
  });
});

describe('what the function answers', () => {
  /** Calls, and holds the answer to what the file says of this operation and status. */
  const answers = async (id: string, call: Call) => {
    const response = await rig.call(call);
    const documented = operationOf(id).responses[String(response.status)];
    expect(documented, `${id} ${response.status} is not documented`).toBeDefined();
    const type = String(response.headers['Content-Type']).replace('; charset=utf-8', '');
    const body = documented?.content[type];
    expect(body, `${id} ${response.status} ${type} is not documented`).toBeDefined();
    expect(checkOf(body?.schema ?? {}).safeParse(response.body).error?.issues).toBeUndefined();
    return response.status;
  };
  const submission = async (over: object = {}) => {
    const made = await rig.make();
    return { manifest: made.manifest, pdf: { base64: made.base64 }, ...over };
  };
  const headers = () => ({ 'X-Request-ID': randomUUID() });

  it('is what the file says: submissions', async () => {
    const path = '/v1/documents';
    const body = await submission();
    expect(await answers('submitDocument', { path, body, headers: headers() })).toBe(202);
    const other = await submission({ manifest: { ...body.manifest, confidential: true } });
    expect(
      await answers('submitDocument', { path, body: { ...body, manifest: other.manifest }, headers: headers() }),
    ).toBe(409);
    expect(await answers('submitDocument', { path, body: {} })).toBe(422);
    expect(await answers('submitDocument', { path, body: '{' })).toBe(400);
    expect(await answers('submitDocument', { path, body, headers: { 'Content-Type': 'text/plain' } })).toBe(415);
    expect(await answers('submitDocument', { path, body, scopes: '' })).toBe(403);
    expect(await answers('submitDocument', { path, body, anonymous: true })).toBe(401);
    expect(await answers('submitDocument', { path, body, headers: { Accept: 'image/png' } })).toBe(406);
    const large = await submission({ pdf: { base64: 'AAAA'.repeat(100_000) } });
    expect(await answers('submitDocument', { path, body: large })).toBe(413);
  });

  it('is what the file says: uploads, documents, lists, health', async () => {
    expect(await answers('createUpload', { path: '/v1/uploads', body: { size: 9, sha256: 'a'.repeat(64) } })).toBe(201);
    expect(await answers('createUpload', { path: '/v1/uploads', body: {} })).toBe(422);
    const made = await rig.make({ patient: { nhsNumber: '9434765919' } });
    const { documentId } = rig.accepted(await rig.submit(made, { headers: { 'X-Correlation-ID': 'c' } }));
    expect(await answers('showDocument', { path: `/v1/documents/${documentId}` })).toBe(200);
    await rig.takeEvents();
    expect(await answers('showDocument', { path: `/v1/documents/${documentId}` })).toBe(200);
    expect(await answers('showDocument', { path: `/v1/documents/${requestId}` })).toBe(404);
    expect(await answers('listDocuments', { path: '/v1/documents', query: { limit: '1' } })).toBe(200);
    expect(await answers('listDocuments', { path: '/v1/documents', query: { limit: 'x' } })).toBe(400);
    expect(await answers('ping', { path: '/v1/_ping', anonymous: true })).toBe(200);
    expect(await answers('status', { path: '/v1/_status', anonymous: true })).toBe(200);
  });

  it('takes what the file’s own examples of requests say, as far as they name what is there', async () => {
    const { requestBody } = operationOf('submitDocument');
    const example = requestBody?.content['application/json']?.example;
    const response = await rig.call({ path: '/v1/documents', body: example });
    expect(rig.issues(response).map(({ code }) => code)).toEqual(['UPLOAD_NOT_FOUND', 'UPLOAD_NOT_FOUND']);
    const upload = operationOf('createUpload').requestBody?.content['application/json']?.example;
    expect((await rig.call({ path: '/v1/uploads', body: upload })).status).toBe(201);
  });
});

describe('docs/api/errors.md', () => {
  it('has every error that the code has', async () => {
    const page = await readFile(at('docs/api/errors.md'), 'utf8');
    await holds('docs/api/errors.md', fillPage(page, { errors: errorTable() }));
  });

  it('gives no code a second meaning: those of the manifest’s page are others', () => {
    const both = Object.keys(apiProblems).filter((code) => code in problemCodes);
    expect(both).toEqual(['CONTENT_DIFFERS']);
    expect(apiProblems.CONTENT_DIFFERS.says).toBe(problemCodes.CONTENT_DIFFERS.says);
  });
});
