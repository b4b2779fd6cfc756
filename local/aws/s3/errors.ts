import { ServiceError } from '../service.ts';

/** An S3 error with headers of its own (a delete marker's version, for one). */
export class S3Error extends ServiceError {
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: string, status: number, message = code, headers: Readonly<Record<string, string>> = {}) {
    super(code, message, status);
    this.headers = headers;
  }
}

export const noSuchBucket = () => new S3Error('NoSuchBucket', 404, 'The specified bucket does not exist');
export const noSuchKey = (headers: Readonly<Record<string, string>> = {}) =>
  new S3Error('NoSuchKey', 404, 'The specified key does not exist.', headers);
export const noSuchUpload = () =>
  new S3Error('NoSuchUpload', 404, 'The specified multipart upload does not exist: it was completed or aborted.');
export const accessDenied = (message = 'Access Denied') => new S3Error('AccessDenied', 403, message);
export const invalidArgument = (message: string) => new S3Error('InvalidArgument', 400, message);
export const invalidRequest = (message: string) => new S3Error('InvalidRequest', 400, message);
export const malformedXml = () => new S3Error('MalformedXML', 400, 'The XML of the request is not well formed.');
export const notImplemented = (what: string) => new S3Error('NotImplemented', 501, `${what} is not implemented.`);
export const preconditionFailed = () =>
  new S3Error('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold');
export const badDigest = (what: string) =>
  new S3Error('BadDigest', 400, `The ${what} you specified did not match the calculated checksum.`);
