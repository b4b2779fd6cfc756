/**
 * Every error of the API: code, HTTP status, FHIR issue type, what it says, what to do and whose move it is. Responses of
 * the function, of the gateway in front of it, docs/api/errors.md and docs/api/openapi.yaml take theirs from here. The one
 * place where an error becomes an HTTP status. A code is never renamed once released.
 */

/** Issue types of FHIR's OperationOutcome (STU3) that are used here. */
export type IssueType =
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'security'
  | 'login'
  | 'forbidden'
  | 'not-supported'
  | 'not-found'
  | 'too-long'
  | 'conflict'
  | 'throttled'
  | 'transient'
  | 'exception';

export type ApiMover = 'the caller' | 'the operators of this system' | 'this system';

export interface ApiProblemEntry {
  readonly status: number;
  readonly issue: IssueType;
  readonly whoseMove: ApiMover;
  readonly says: string;
  readonly advice: string;
}

export const apiProblems = {
  // Who is calling
  UNAUTHORIZED: {
    status: 401,
    issue: 'login',
    whoseMove: 'the caller',
    says: 'The access token is missing, expired or not one that is accepted here.',
    advice: 'Get a new token from your issuer and send it as Authorization: Bearer.',
  },
  CLIENT_NOT_REGISTERED: {
    status: 403,
    issue: 'forbidden',
    whoseMove: 'the operators of this system',
    says: 'The token is sound, but its client is registered for no sending organisation here, or is let in no more.',
    advice: 'Ask the operators to register the client for your organisation, or to let it in again.',
  },
  SCOPE_MISSING: {
    status: 403,
    issue: 'forbidden',
    whoseMove: 'the caller',
    says: 'The token, or the registration of its client, does not hold the scope that this request needs.',
    advice:
      'Ask your issuer for a token with the scope; if it has it, ask the operators to allow the client that scope.',
  },

  // The request as HTTP
  ROUTE_NOT_FOUND: {
    status: 404,
    issue: 'not-found',
    whoseMove: 'the caller',
    says: 'There is nothing at this address.',
    advice: 'Compare it with docs/api/openapi.yaml.',
  },
  DOCUMENT_NOT_FOUND: {
    status: 404,
    issue: 'not-found',
    whoseMove: 'the caller',
    says: 'Your organisation has no document with this id.',
    advice: 'Use the id, or the Location, that the submission answered with.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    issue: 'not-supported',
    whoseMove: 'the caller',
    says: 'This address does not take this method.',
    advice: 'Use one that the Allow header lists.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    issue: 'not-supported',
    whoseMove: 'the caller',
    says: 'The Accept header leaves out application/json, and answers come in nothing else.',
    advice: 'Accept application/json, or send no Accept header.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    issue: 'too-long',
    whoseMove: 'the caller',
    says: 'The request is longer than any that is taken here.',
    advice: 'Send the PDF by way of POST /v1/uploads.',
  },
  INLINE_PDF_TOO_LARGE: {
    status: 413,
    issue: 'too-long',
    whoseMove: 'the caller',
    says: 'The file, or the files together, are too large to be sent inside the request.',
    advice: 'Send large ones by way of POST /v1/uploads and name the uploads.',
  },
  UPLOAD_TOO_LARGE: {
    status: 413,
    issue: 'too-long',
    whoseMove: 'the caller',
    says: 'The file is larger than any that is sent from here.',
    advice: 'Export it smaller, for example with pictures at a lower resolution.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    issue: 'not-supported',
    whoseMove: 'the caller',
    says: 'The body is not application/json in UTF-8 without a content encoding.',
    advice: 'Send JSON, with Content-Type: application/json and no Content-Encoding.',
  },
  REQUEST_ID_MISSING: {
    status: 400,
    issue: 'required',
    whoseMove: 'the caller',
    says: 'The X-Request-ID header is required and is not there.',
    advice: 'Send a new UUID with each request; repeat it only when repeating the request.',
  },
  REQUEST_ID_NOT_UUID: {
    status: 400,
    issue: 'value',
    whoseMove: 'the caller',
    says: 'The X-Request-ID header is not one UUID.',
    advice: 'Send a new UUID with each request; repeat it only when repeating the request.',
  },
  CORRELATION_ID_NOT_ALLOWED: {
    status: 400,
    issue: 'value',
    whoseMove: 'the caller',
    says: 'The X-Correlation-ID header is longer than 100 characters, holds others than A-Z a-z 0-9 . _ ~ : -, or holds an NHS number.',
    advice: 'It is logged and stored, so it must say nothing about a patient; a UUID is best. It may be left out.',
  },
  REQUEST_REFUSED: {
    status: 400,
    issue: 'structure',
    whoseMove: 'the caller',
    says: 'The request could not be read.',
    advice: 'Compare it with docs/api/openapi.yaml.',
  },
  QUERY_NOT_ALLOWED: {
    status: 400,
    issue: 'value',
    whoseMove: 'the caller',
    says: 'A query parameter is unknown, given twice or not in its form.',
    advice: 'Compare it with docs/api/openapi.yaml. Never put anything about a patient in an address.',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    issue: 'throttled',
    whoseMove: 'the caller',
    says: 'More requests come than are taken here.',
    advice: 'Wait for the time that Retry-After says, then go on more slowly. Nothing was done.',
  },

  // The body
  BODY_NOT_JSON: {
    status: 400,
    issue: 'structure',
    whoseMove: 'the caller',
    says: 'The body is not JSON in UTF-8.',
    advice: 'Write it with a JSON library and check that all of it was sent.',
  },
  BODY_NOT_OBJECT: {
    status: 422,
    issue: 'structure',
    whoseMove: 'the caller',
    says: 'The body is JSON but not an object.',
    advice: 'It must begin with { and hold the fields of docs/api/openapi.yaml.',
  },
  FIELD_MISSING: {
    status: 422,
    issue: 'required',
    whoseMove: 'the caller',
    says: 'This field is required and is not there.',
    advice: 'Add it.',
  },
  FIELD_NOT_ALLOWED: {
    status: 422,
    issue: 'value',
    whoseMove: 'the caller',
    says: 'This field has the wrong type, form or value.',
    advice: 'Give it as docs/api/openapi.yaml says.',
  },
  FIELD_UNKNOWN: {
    status: 422,
    issue: 'structure',
    whoseMove: 'the caller',
    says: 'There is no such field here.',
    advice: 'Remove it, or correct its spelling: names are compared exactly.',
  },
  FIELD_TWICE: {
    status: 422,
    issue: 'structure',
    whoseMove: 'the caller',
    says: 'This field is given more than once in the same object.',
    advice: 'Give it once: which one was meant cannot be known.',
  },
  PDF_OR_UPLOAD: {
    status: 422,
    issue: 'invariant',
    whoseMove: 'the caller',
    says: 'A submission has either pdf or upload, and exactly one of them.',
    advice: 'Send the PDF inside the request as pdf.base64, or name its upload as upload.uploadId.',
  },
  BASE64_NOT_VALID: {
    status: 422,
    issue: 'value',
    whoseMove: 'the caller',
    says: 'This is not base64 (RFC 4648, section 4: standard alphabet, padded, without line breaks).',
    advice: 'Encode the bytes of the PDF with a library.',
  },
  ATTACHMENT_FILE_MISSING: {
    status: 422,
    issue: 'required',
    whoseMove: 'the caller',
    says: 'The manifest names this attachment, and the submission has no file for it.',
    advice: 'Send its file under attachments, with the name that the manifest gives it.',
  },
  ATTACHMENT_NOT_IN_MANIFEST: {
    status: 422,
    issue: 'invariant',
    whoseMove: 'the caller',
    says: 'The manifest names no attachment like this.',
    advice: 'Name each file in the manifest’s attachments, with its SHA-256, or leave it out.',
  },
  ATTACHMENT_TWICE: {
    status: 422,
    issue: 'invariant',
    whoseMove: 'the caller',
    says: 'A file of this name comes twice.',
    advice: 'Send each attachment once.',
  },
  ATTACHMENT_BASE64_OR_UPLOAD: {
    status: 422,
    issue: 'invariant',
    whoseMove: 'the caller',
    says: 'The file of an attachment has either base64 or uploadId, and exactly one of them.',
    advice: 'Send the file inside the request as base64, or name its upload as uploadId.',
  },
  ATTACHMENT_DIGEST_DIFFERS: {
    status: 422,
    issue: 'invariant',
    whoseMove: 'the caller',
    says: 'The file is not the one that the manifest names by its SHA-256.',
    advice: 'Send the file that the manifest means; compute the SHA-256 of the very bytes sent.',
  },
  UPLOAD_NOT_FOUND: {
    status: 422,
    issue: 'not-found',
    whoseMove: 'the caller',
    says: 'Your organisation has no upload with this id: it is not finished, or older than a day.',
    advice:
      'Ask for a form with POST /v1/uploads (for an attachment with its contentType), post the file with it, and submit within a day.',
  },
  PDF_DIGEST_DIFFERS: {
    status: 422,
    issue: 'invariant',
    whoseMove: 'the caller',
    says: 'The PDF is not the one that the manifest names by its SHA-256.',
    advice: 'Send the PDF and the manifest that belong together; compute the SHA-256 of the very bytes sent.',
  },
  MANIFEST_REFUSED: {
    status: 422,
    issue: 'value',
    whoseMove: 'the caller',
    says: 'The manifest or the PDF is not right. The code is one of docs/manifest.md.',
    advice: 'Put every problem right that is listed; each has its path.',
  },

  // What is known already
  CONTENT_DIFFERS: {
    status: 409,
    issue: 'conflict',
    whoseMove: 'the caller',
    says: 'This version of this encounter’s report was already handed over with other content.',
    advice:
      'If the report has changed, give it the next version number. If it has not, send exactly what was sent before.',
  },
  SUBMISSION_UNDER_WAY: {
    status: 409,
    issue: 'conflict',
    whoseMove: 'the caller',
    says: 'Another request that hands over this document with other content is being worked on at this moment.',
    advice: 'Wait for the time that Retry-After says, then look at the document before sending anything again.',
  },

  // Our side
  INTERNAL: {
    status: 500,
    issue: 'exception',
    whoseMove: 'this system',
    says: 'Something went wrong here.',
    advice:
      'Repeat the request with the same X-Request-ID: the same content twice is one document. If it goes on, give the operators the id.',
  },
  UNAVAILABLE: {
    status: 503,
    issue: 'transient',
    whoseMove: 'this system',
    says: 'This is not available at the moment, or took too long.',
    advice: 'Repeat the request with the same X-Request-ID in a little while: the same content twice is one document.',
  },
} as const satisfies Record<string, ApiProblemEntry>;

export type ApiProblemCode = keyof typeof apiProblems;

/** Names the codes of this catalogue and of docs/manifest.md in `details.coding`. */
export const problemCodeSystem = 'urn:send-document:problem-code';

/** Errors are FHIR, answers are plain JSON. */
export const outcomeMediaType = 'application/fhir+json';

export interface OutcomeIssue {
  readonly severity: 'error';
  readonly code: IssueType;
  readonly details: {
    readonly coding: readonly { readonly system: string; readonly code: string }[];
    readonly text: string;
  };
  readonly diagnostics: string;
  readonly expression?: readonly string[];
}

export interface OperationOutcome {
  readonly resourceType: 'OperationOutcome';
  readonly issue: readonly OutcomeIssue[];
}

/** What one issue says. `path` is where in the request; `text` replaces the first sentence, and never quotes a value. */
export const outcomeIssue = (
  { issue, says, advice, whoseMove }: Omit<ApiProblemEntry, 'status'>,
  code: string,
  path?: string | readonly string[],
): OutcomeIssue => ({
  severity: 'error',
  code: issue,
  details: { coding: [{ system: problemCodeSystem, code }], text: says },
  diagnostics: [says, advice, `Whose move: ${whoseMove}.`].filter((sentence) => sentence !== '').join(' '),
  ...(path === undefined ? {} : { expression: [path].flat() }),
});

/** The whole body of an error that has one problem: what the gateway answers before a function is asked. */
export const gatewayOutcome = (code: ApiProblemCode): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: [outcomeIssue(apiProblems[code], code)],
});
