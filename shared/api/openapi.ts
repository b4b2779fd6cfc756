import { z } from 'zod';
import { states } from '../delivery/states.ts';
import { type ApiProblemCode, apiProblems, gatewayOutcome, outcomeMediaType } from '../platform/api-problems.ts';
import { type ApiRoute, type ApiRouteName, apiRoutes, apiScopes } from '../platform/api-routes.ts';
import { examples } from './examples.ts';
import type { listParameters } from './list-documents.ts';
import {
  documentAnswer,
  listAnswer,
  listLimit,
  pingAnswer,
  statusAnswer,
  submissionAnswer,
  submissionRequest,
  uploadAnswer,
  uploadRequest,
} from './schemas.ts';

/** docs/api/openapi.yaml as data, made from the routes, the schemas that check, and the catalogue of errors. */

const operationOutcome = z
  .object({
    resourceType: z.literal('OperationOutcome'),
    issue: z.array(
      z.object({
        severity: z.literal('error'),
        code: z.string().describe('FHIR issue type.'),
        details: z.object({
          coding: z.array(z.object({ system: z.string(), code: z.string().describe('Stable; programs may use it.') })),
          text: z.string(),
        }),
        diagnostics: z.string().describe('What is wrong, what to do and whose move it is.'),
        expression: z.array(z.string()).optional().describe('Where in the request: a path, or http.{header}.'),
      }),
    ),
  })
  .describe('FHIR OperationOutcome: all problems at once. It holds nothing of what was sent.');

const schemas = {
  UploadRequest: uploadRequest,
  UploadAnswer: uploadAnswer,
  SubmissionRequest: submissionRequest,
  SubmissionAnswer: submissionAnswer,
  DocumentAnswer: documentAnswer,
  ListAnswer: listAnswer,
  PingAnswer: pingAnswer,
  StatusAnswer: statusAnswer,
  OperationOutcome: operationOutcome,
} as const;
type SchemaName = keyof typeof schemas;

const schemaOf = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return rest;
};
const ref = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });

const everyRefusal: readonly ApiProblemCode[] = [
  'REQUEST_ID_MISSING',
  'UNAUTHORIZED',
  'SCOPE_MISSING',
  'NOT_ACCEPTABLE',
  'TOO_MANY_REQUESTS',
  'INTERNAL',
  'UNAVAILABLE',
];
const bodyRefusals: readonly ApiProblemCode[] = ['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'FIELD_MISSING'];

interface Operation {
  readonly summary: string;
  readonly description: string;
  readonly request?: { readonly schema: SchemaName; readonly example: object };
  readonly success: {
    readonly status: 200 | 201 | 202;
    readonly description: string;
    readonly schema: SchemaName;
    readonly example: object;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly refusals: readonly ApiProblemCode[];
  readonly parameters?: readonly object[];
}

const query = (name: (typeof listParameters)[number], description: string, schema: object) => ({
  name,
  in: 'query',
  description,
  schema,
});

const operations: Readonly<Record<ApiRouteName, Operation>> = {
  createUpload: {
    summary: 'Get a form for a PDF',
    description:
      'For a PDF that is too large to be sent inside the request. Answers with a form that takes exactly this PDF: post it (multipart/form-data) with the fields as given and the PDF last, in a field named file. Storage answers 201. Then submit, naming the upload.',
    request: { schema: 'UploadRequest', example: examples.uploadRequest },
    success: { status: 201, description: 'A form.', schema: 'UploadAnswer', example: examples.uploadAnswer },
    refusals: bodyRefusals,
  },
  submitDocument: {
    summary: 'Hand over a document',
    description:
      'A manifest with its PDF, or with the id of its upload. The answer 202 means that this system has taken custody, not that anything was sent. The same content again is the same document; other content under the same encounter and version is refused (409) with the paths that differ, unless the document ended without reaching anybody.',
    request: { schema: 'SubmissionRequest', example: examples.submissionRequest },
    success: {
      status: 202,
      description: 'Custody is taken.',
      schema: 'SubmissionAnswer',
      example: examples.submissionAnswer,
      headers: { Location: 'Where to follow the document.' },
    },
    refusals: [...bodyRefusals, 'CONTENT_DIFFERS'],
  },
  listDocuments: {
    summary: 'List documents',
    description:
      'Those of your organisation, however they were handed over, the one changed last first; a little behind. A document that changes while you page moves to the front: begin again to see it. What was taken with 202 and is not registered yet is in it as RECEIVED.',
    parameters: [
      query('state', 'Only those in this state.', { type: 'string', enum: [...states] }),
      query('from', 'Changed at this time or later (RFC 3339).', { type: 'string', format: 'date-time' }),
      query('to', 'Changed at this time or earlier (RFC 3339).', { type: 'string', format: 'date-time' }),
      query('cursor', 'From the page before, with the other parameters as they were.', { type: 'string' }),
      query('limit', 'How many at most.', {
        type: 'integer',
        minimum: 1,
        maximum: listLimit.most,
        default: listLimit.usual,
      }),
    ],
    success: { status: 200, description: 'A page.', schema: 'ListAnswer', example: examples.listAnswer },
    refusals: ['QUERY_NOT_ALLOWED'],
  },
  showDocument: {
    summary: 'Follow a document',
    description: 'Its state, what that means, whose move it is, what is wrong with it, and its history.',
    parameters: [
      {
        name: 'documentId',
        in: 'path',
        required: true,
        description: 'From the submission.',
        schema: schemaOf(z.uuid()),
      },
    ],
    success: { status: 200, description: 'The document.', schema: 'DocumentAnswer', example: examples.documentAnswer },
    refusals: ['DOCUMENT_NOT_FOUND'],
  },
  ping: {
    summary: 'Whether the API answers',
    description: 'Needs no token and no X-Request-ID.',
    success: { status: 200, description: 'It does.', schema: 'PingAnswer', example: examples.pingAnswer },
    refusals: [],
  },
  status: {
    summary: 'Whether documents can be taken',
    description: 'Needs no token and no X-Request-ID. Answers 503 with the same body where something is down.',
    success: { status: 200, description: 'They can.', schema: 'StatusAnswer', example: examples.statusAnswer },
    refusals: [],
  },
};

const mirrored = {
  'X-Request-ID': {
    description:
      'As sent, or ours where it could not be used, and on what the gateway answers before a function reads it (401, 413, 429).',
    schema: { type: 'string' },
  },
  'X-Correlation-ID': { description: 'As sent.', schema: { type: 'string' } },
};

const more: Readonly<Record<number, Record<string, object>>> = {
  401: { 'WWW-Authenticate': { schema: { type: 'string' } } },
  429: { 'Retry-After': { description: 'Seconds.', schema: { type: 'string' } } },
};

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Headers or query are not right, or the body is not JSON.',
  401: 'No token, or none that is accepted.',
  403: 'The client is not registered, or lacks the scope.',
  404: 'Your organisation has no such document.',
  406: 'Answers come in application/json only.',
  409: 'Handed over before with other content: expression lists the paths that differ.',
  413: 'Too large.',
  415: 'Bodies are application/json only.',
  422: 'The body is not right: every problem at once.',
  429: 'Too many requests.',
  500: 'Something went wrong here.',
  503: 'Not available at the moment.',
};

const statusOf = (code: ApiProblemCode): number => apiProblems[code].status;

const refusalResponses = (codes: readonly ApiProblemCode[]) =>
  Object.fromEntries(
    codes.map((code) => {
      const outcome = gatewayOutcome(code);
      const status = statusOf(code);
      return [
        String(status),
        {
          description: statusTexts[status] ?? '',
          headers: { 'X-Request-ID': mirrored['X-Request-ID'], ...more[status] },
          content: { [outcomeMediaType]: { schema: ref('OperationOutcome'), example: outcome } },
        },
      ];
    }),
  );

const header = (name: string, required: boolean, description: string, schema: object) => ({
  name,
  in: 'header',
  required,
  description,
  schema,
});

const operationOf = (name: ApiRouteName): object => {
  const route: ApiRoute = apiRoutes[name];
  const { summary, description, request, success, refusals, parameters = [] } = operations[name];
  const { scope } = route;
  return {
    operationId: name,
    summary,
    description,
    security: scope === undefined ? [] : [{ token: [scope] }],
    ...(scope === undefined
      ? {}
      : {
          parameters: [
            { $ref: '#/components/parameters/RequestId' },
            { $ref: '#/components/parameters/CorrelationId' },
            ...parameters,
          ],
        }),
    ...(request
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: ref(request.schema), example: request.example } },
          },
        }
      : {}),
    responses: {
      [String(success.status)]: {
        description: success.description,
        headers: {
          ...(scope === undefined ? { 'X-Request-ID': mirrored['X-Request-ID'] } : mirrored),
          ...Object.fromEntries(
            Object.entries(success.headers ?? {}).map(([key, text]) => [
              key,
              { description: text, schema: { type: 'string' } },
            ]),
          ),
        },
        content: { 'application/json': { schema: ref(success.schema), example: success.example } },
      },
      ...(name === 'status'
        ? {
            '503': {
              description: 'They cannot.',
              content: { 'application/json': { schema: ref('StatusAnswer'), example: examples.statusDown } },
            },
          }
        : {}),
      ...(scope === undefined ? {} : refusalResponses([...everyRefusal, ...refusals])),
    },
  };
};

const paths = () => {
  const found: Record<string, Record<string, object>> = {};
  for (const [name, { method, resource }] of Object.entries(apiRoutes)) {
    found[resource] = { ...found[resource], [method.toLowerCase()]: operationOf(name as ApiRouteName) };
  }
  return found;
};

export const openApiDocument = () => ({
  openapi: '3.1.0',
  info: {
    title: 'Send Document',
    version: '1.0.0',
    description:
      'Hands consultation reports to the patient’s registered GP practice over MESH, and tells what became of each. See docs/api/README.md.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [
    {
      url: '{apiUrl}',
      description: 'The ApiUrl output of the deployment; npm start prints the one of the local run.',
      variables: { apiUrl: { default: 'https://api.example' } },
    },
  ],
  paths: paths(),
  components: {
    securitySchemes: {
      token: {
        type: 'oauth2',
        description: 'An access token of the configured issuer, by client credentials.',
        flows: {
          clientCredentials: {
            tokenUrl: 'https://issuer.example/oauth2/token',
            scopes: {
              [apiScopes.submit]: 'Hand documents over.',
              [apiScopes.read]: 'See what became of them.',
            },
          },
        },
      },
    },
    parameters: {
      RequestId: header('X-Request-ID', true, 'Names the request; mirrored, logged and stored.', schemaOf(z.uuid())),
      CorrelationId: header(
        'X-Correlation-ID',
        false,
        'Names what the request belongs to; mirrored, logged and stored. Must say nothing about a patient.',
        { type: 'string', pattern: '^[A-Za-z0-9._~:-]{1,100}$' },
      ),
    },
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, schemaOf(schema)])),
  },
});
