import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isoTime } from '../../../shared/platform/clock.ts';
import { requestId, ServiceError, type ServiceSetting } from '../service.ts';
import { verifySignature } from '../sigv4.ts';
import { isDenied } from './bucket-policy.ts';
import { objectArn, type Reply, type S3Call } from './call.ts';
import { corsHeaders } from './cors.ts';
import { accessDenied, invalidRequest, S3Error } from './errors.ts';
import { formUpload, isFormUpload } from './form-upload.ts';
import type { S3State } from './model.ts';
import { readRequest, type S3Request } from './request.ts';
import { operationFor } from './routes.ts';
import { errorDocument, leaf } from './xml.ts';

type Setting = Pick<ServiceSetting, 'identities' | 'observe'>;

/** A request whose sender is known, with the means to ask what it may do. */
const admitted = (accessKeyId: string, request: S3Request, s3: S3State, { observe }: Setting): S3Call => ({
  ...request,
  authorize(action, { bucket = request.bucket, key = request.key, createsObject = false } = {}) {
    const resource = objectArn(bucket, key);
    observe?.({ accessKeyId, action, resource });
    const ifNoneMatch = request.headers['if-none-match'] !== undefined;
    const denials = s3.buckets.get(bucket)?.denials ?? [];
    if (isDenied(denials, action, resource, { ifNoneMatch, createsObject })) {
      throw accessDenied('The policy of the bucket denies this action.');
    }
  },
});

const answer = (message: IncomingMessage, request: S3Request, s3: S3State, setting: Setting) => {
  if (isFormUpload(request)) {
    return formUpload(request, s3, setting.identities, (accessKeyId, form) => admitted(accessKeyId, form, s3, setting));
  }
  const { accessKeyId, presigned } = verifySignature(message, setting.identities, s3.clock);
  if (!presigned && request.headers['x-amz-content-sha256'] === undefined) {
    throw invalidRequest('Missing required header for this request: x-amz-content-sha256');
  }
  return operationFor(request)(admitted(accessKeyId, request, s3, setting), s3);
};

const send = async (response: ServerResponse, reply: Reply, s3: S3State): Promise<void> => {
  const { status, headers, document, stored } = reply;
  const bodiless = status === 204 || status === 304;
  const text = bodiless ? undefined : document;
  const lengths = bodiless || stored || headers?.['content-length'] !== undefined;
  response.writeHead(status, {
    ...(text === undefined ? {} : { 'content-type': 'application/xml' }),
    ...(lengths ? {} : { 'content-length': Buffer.byteLength(text ?? '') }),
    ...headers,
  });
  if (!stored) {
    response.end(text);
    return;
  }
  try {
    await pipeline(s3.bodies.read(stored.body, stored.start, stored.length), response);
  } finally {
    s3.bodies.release(stored.body);
  }
};

const sendError = (
  message: IncomingMessage,
  response: ServerResponse,
  error: ServiceError,
  s3: S3State,
  id: string,
) => {
  const serverTime = error.code === 'RequestTimeTooSkewed' ? leaf('ServerTime', isoTime(s3.clock.now())) : '';
  const body = errorDocument(error.code, error.message, id, serverTime);
  response.writeHead(error.status, {
    'content-type': 'application/xml',
    ...(message.method === 'HEAD' ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...(error instanceof S3Error ? error.headers : {}),
  });
  response.end(message.method === 'HEAD' ? undefined : body);
  // What is left of the body must be read away, or the client would never come to see the answer.
  message.resume();
};

/** Answers one HTTP request. Never rejects. */
export const serve = async (
  message: IncomingMessage,
  response: ServerResponse,
  s3: S3State,
  setting: Setting,
): Promise<void> => {
  const id = requestId();
  response.setHeader('x-amz-request-id', id);
  response.setHeader('x-amz-id-2', 'local');
  // Clients set their clocks by this one when a signature is refused as skewed.
  response.setHeader('date', new Date(s3.clock.now()).toUTCString());
  try {
    const request = readRequest(message);
    const bucket = s3.buckets.get(request.bucket);
    const cors = bucket && corsHeaders(bucket, request);
    for (const [name, value] of Object.entries(cors ?? {})) response.setHeader(name, value);
    if (request.method === 'OPTIONS') {
      if (!cors) throw accessDenied('CORSResponse: This CORS request is not allowed.');
      await send(response, { status: 200 }, s3);
      return;
    }
    await send(response, await answer(message, request, s3, setting), s3);
    // What an operation left unread of the body would block the next request on this connection.
    message.resume();
  } catch (error) {
    // The client went away: there is nobody to answer.
    if (message.socket.destroyed || response.headersSent) {
      response.destroy();
      message.resume();
      return;
    }
    if (!(error instanceof ServiceError)) console.error(error);
    const known =
      error instanceof ServiceError
        ? error
        : new S3Error('InternalError', 500, 'We encountered an internal error. Please try again.');
    sendError(message, response, known, s3, id);
  }
};
