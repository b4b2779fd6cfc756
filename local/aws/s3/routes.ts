import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './bucket-operations.ts';
import { bucketSettingOperation } from './bucket-settings.ts';
import type { Operation } from './call.ts';
import { completeMultipartUpload } from './complete-operation.ts';
import { copyObject } from './copy-operations.ts';
import { deleteObject, deleteObjects } from './delete-operations.ts';
import { notImplemented, S3Error } from './errors.ts';
import { listObjects, listObjectVersions } from './listing-operations.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './multipart-operations.ts';
import { getObject, getObjectAttributes, headObject, putObject } from './object-operations.ts';
import {
  deleteObjectTagging,
  getObjectLegalHold,
  getObjectRetention,
  getObjectTagging,
  putObjectLegalHold,
  putObjectRetention,
  putObjectTagging,
} from './object-settings.ts';
import type { S3Request } from './request.ts';

interface Route {
  readonly method: string;
  /** Query parameters that the request must have. */
  readonly query?: readonly string[];
  /** Whether it must come with a copy source. */
  readonly copy?: true;
  readonly operation: Operation;
}

// The first that fits is taken, so the particular stands before the general.
const bucketRoutes: readonly Route[] = [
  { method: 'GET', query: ['location'], operation: getBucketLocation },
  { method: 'GET', query: ['uploads'], operation: listMultipartUploads },
  { method: 'GET', query: ['versions'], operation: listObjectVersions },
  { method: 'POST', query: ['delete'], operation: deleteObjects },
  { method: 'GET', operation: listObjects },
  { method: 'HEAD', operation: headBucket },
  { method: 'PUT', operation: createBucket },
  { method: 'DELETE', operation: deleteBucket },
];

const objectRoutes: readonly Route[] = [
  { method: 'GET', query: ['uploadId'], operation: listParts },
  { method: 'PUT', query: ['uploadId', 'partNumber'], copy: true, operation: uploadPartCopy },
  { method: 'PUT', query: ['uploadId', 'partNumber'], operation: uploadPart },
  { method: 'DELETE', query: ['uploadId'], operation: abortMultipartUpload },
  { method: 'POST', query: ['uploadId'], operation: completeMultipartUpload },
  { method: 'POST', query: ['uploads'], operation: createMultipartUpload },
  { method: 'GET', query: ['tagging'], operation: getObjectTagging },
  { method: 'PUT', query: ['tagging'], operation: putObjectTagging },
  { method: 'DELETE', query: ['tagging'], operation: deleteObjectTagging },
  { method: 'GET', query: ['retention'], operation: getObjectRetention },
  { method: 'PUT', query: ['retention'], operation: putObjectRetention },
  { method: 'GET', query: ['legal-hold'], operation: getObjectLegalHold },
  { method: 'PUT', query: ['legal-hold'], operation: putObjectLegalHold },
  { method: 'GET', query: ['attributes'], operation: getObjectAttributes },
  { method: 'PUT', copy: true, operation: copyObject },
  { method: 'PUT', operation: putObject },
  { method: 'GET', operation: getObject },
  { method: 'HEAD', operation: headObject },
  { method: 'DELETE', operation: deleteObject },
];

/** Sub-resources that S3 has and this service has not: refused, never mistaken for the plain call. */
const absentHere = [
  'accelerate',
  'acl',
  'analytics',
  'intelligent-tiering',
  'inventory',
  'metrics',
  'policyStatus',
  'replication',
  'requestPayment',
  'restore',
  'select',
  'torrent',
];

/** Throws MethodNotAllowed (405) or NotImplemented (501). */
export const operationFor = (request: S3Request): Operation => {
  const { method, query, headers } = request;
  if (request.bucket === '' && method === 'GET') return listBuckets;
  const missing = absentHere.find((name) => query.has(name));
  if (missing !== undefined) throw notImplemented(`The sub-resource ${missing}`);
  if (request.key === '') {
    const setting = bucketSettingOperation(method, query);
    if (setting) return setting;
  }
  const route = (request.key === '' ? bucketRoutes : objectRoutes).find(
    (each) =>
      each.method === method &&
      (each.query ?? []).every((name) => query.has(name)) &&
      (!each.copy || headers['x-amz-copy-source'] !== undefined),
  );
  if (route) return route.operation;
  throw new S3Error('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.');
};
