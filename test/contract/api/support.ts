import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { z } from 'zod';
import { apiHandler } from '../../../lambdas/api/handler.ts';
import { type ManifestOverrides, makeDrop } from '../../../local/samples/variants.ts';
import { submissionAnswer } from '../../../shared/api/schemas.ts';
import { apiRoutes, apiScopes } from '../../../shared/platform/api-routes.ts';
import { s3UploadForms } from '../../../shared/platform/aws/s3-upload-forms.ts';
import { systemIds } from '../../../shared/platform/ids.ts';
import { type CrashPlan, crashing } from '../../support/faults.ts';
import { createRigOnLocalServices } from '../../support/rig.ts';

/** The API's function in one process, on the rig: events go in as the gateway makes them. */

export const outcome = z.object({
  resourceType: z.literal('OperationOutcome'),
  issue: z
    .array(
      z.object({
        severity: z.literal('error'),
        code: z.string(),
        details: z.object({ coding: z.array(z.object({ system: z.string(), code: z.string() })), text: z.string() }),
        diagnostics: z.string().regex(/Whose move: /),
        expression: z.array(z.string()).optional(),
      }),
    )
    .min(1),
});

export interface Call {
  readonly method?: string;
  /** As called, such as `/v1/documents/1234`. */
  readonly path: string;
  readonly resource?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
  readonly odsCode?: string;
  readonly scopes?: string;
  /** Of a client that is registered for no organisation. */
  readonly unregistered?: boolean;
  /** Without an authoriser in front. */
  readonly anonymous?: boolean;
  readonly base64?: boolean;
}

export const requestId = '6e0f5a54-8f0c-4c11-9a3b-0c9f6d1c2b3a';

const resourceOf = (path: string): { resource: string; pathParameters: Record<string, string> } => {
  const named = /^\/v1\/documents\/(.+)$/.exec(path);
  return named
    ? { resource: apiRoutes.showDocument.resource, pathParameters: { documentId: named[1] ?? '' } }
    : { resource: path, pathParameters: {} };
};

export const eventOf = (call: Call): APIGatewayProxyEvent => {
  const { method = call.body === undefined ? 'GET' : 'POST', path, body } = call;
  const { resource, pathParameters } = resourceOf(path);
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const headers = Object.fromEntries(
    Object.entries({
      'X-Request-ID': requestId,
      ...(text === null ? {} : { 'Content-Type': 'application/json' }),
      ...call.headers,
    }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const query = Object.entries(call.query ?? {}).map(([name, value]) => [name, [value].flat()] as const);
  const stage = 'api';
  const event = {
    httpMethod: method,
    path,
    resource: call.resource ?? resource,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters:
      query.length === 0 ? null : Object.fromEntries(query.map(([name, all]) => [name, all.at(-1)])),
    multiValueQueryStringParameters: query.length === 0 ? null : Object.fromEntries(query),
    pathParameters,
    stageVariables: null,
    requestContext: {
      requestId: 'gateway-request',
      path: `/${stage}${path}`,
      stage,
      ...(call.anonymous
        ? {}
        : {
            authorizer: {
              principalId: 'client-1',
              clientId: 'client-1',
              ...(call.unregistered
                ? {}
                : { odsCode: call.odsCode ?? 'RX1', scopes: call.scopes ?? `${apiScopes.submit} ${apiScopes.read}` }),
            },
          }),
    },
    body: text === null ? null : call.base64 ? Buffer.from(text).toString('base64') : text,
    isBase64Encoded: call.base64 ?? false,
  };
  return event as unknown as APIGatewayProxyEvent;
};

export const maxInlineBytes = 100_000;
export const maxPdfBytes = 20 << 20;

export const createApiRig = async () => {
  const rig = await createRigOnLocalServices();
  let plan: CrashPlan | undefined;
  const context = {
    ...rig.context,
    table: crashing('table', rig.table, () => plan),
    drops: crashing('drops', rig.drops, () => plan),
    audit: crashing('audit', rig.archive, () => plan),
    ids: systemIds,
    forms: s3UploadForms('drops', rig.storage.s3),
    limits: { maxPdfBytes, maxInlineBytes, uploadLifeSeconds: 900 },
  };
  const handler = apiHandler(context);
  const call = async (request: Call) => {
    const { statusCode, headers = {}, body } = await handler(eventOf(request));
    const json: unknown = JSON.parse(body);
    return { status: statusCode, headers, body: json, text: body };
  };
  return {
    ...rig,
    apiContext: context,
    handler,
    call,
    /** Of the API's function alone; what takes the drops goes on. */
    crashApiWith(next: CrashPlan | undefined) {
      plan = next;
    },
    /** A manifest and its PDF, of an encounter of its own unless told. */
    async make(overrides: ManifestOverrides = {}, text = 'Report', minBytes = 0) {
      const made = await makeDrop({ text, minBytes }, { encounterId: randomUUID(), ...overrides });
      return { ...made, base64: made.pdf.toString('base64') };
    },
    async submit(made: { readonly manifest: object; readonly base64: string }, more: Partial<Call> = {}) {
      return call({
        path: '/v1/documents',
        body: { manifest: made.manifest, pdf: { base64: made.base64 } },
        ...more,
        headers: { 'X-Request-ID': randomUUID(), ...more.headers },
      });
    },
    accepted: (response: { readonly body: unknown }) => submissionAnswer.parse(response.body),
    issues: (response: { readonly body: unknown }) =>
      outcome.parse(response.body).issue.map(({ code, details, expression }) => ({
        code: details.coding[0]?.code,
        issue: code,
        expression,
      })),
  };
};
export type ApiRig = Awaited<ReturnType<typeof createApiRig>>;
