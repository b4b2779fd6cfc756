import { readDenials } from './bucket-policy.ts';
import type { Operation } from './call.ts';
import { invalidArgument, S3Error } from './errors.ts';
import { receiveDocument } from './incoming.ts';
import { type Bucket, findBucket } from './model.ts';
import { noNotifications, readNotifications } from './notifications.ts';
import { readDefaultRetention } from './object-lock.ts';
import { childrenOf, descend, parseXml, textOf, type XmlElement, xmlDocument } from './xml.ts';

/** One sub-resource of a bucket (`?versioning`, `?policy`, …): stored as put, and acted on where this service does. */
interface BucketSetting {
  /** What follows s3:Get and s3:Put in the IAM actions. */
  readonly noun: string;
  /** Deleting has an action of its own for two; the others use the one for putting. */
  readonly deleteAction?: string;
  /** Error code of a bucket that has none, or the name of the empty document given instead. */
  readonly absent: { readonly code: string } | { readonly document: string };
  /** Takes what the service acts on out of the document; may refuse it. Runs before the document is stored. */
  readonly apply?: (bucket: Bucket, document: XmlElement) => void;
  readonly clear?: (bucket: Bucket) => void;
}

export const serviceEncryption = { 'x-amz-server-side-encryption': 'AES256' };

const applyVersioning = (bucket: Bucket, document: XmlElement): void => {
  const status = textOf(document, 'Status');
  if (status !== 'Enabled' && status !== 'Suspended') throw invalidArgument('Versioning is Enabled or Suspended.');
  if (status === 'Suspended' && bucket.objectLock) {
    throw new S3Error(
      'InvalidBucketState',
      409,
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  }
  bucket.versioning = status;
};

const applyObjectLock = (bucket: Bucket, document: XmlElement): void => {
  if (bucket.versioning !== 'Enabled') {
    throw new S3Error('InvalidBucketState', 409, "Versioning must be 'Enabled' on the bucket to apply Object Lock.");
  }
  const retention = readDefaultRetention(document);
  bucket.objectLock = true;
  if (retention) bucket.defaultRetention = retention;
  else delete bucket.defaultRetention;
};

const applyEncryption = (bucket: Bucket, document: XmlElement): void => {
  const rule = descend(document, 'Rule');
  const algorithm = textOf(rule, 'ApplyServerSideEncryptionByDefault', 'SSEAlgorithm') ?? 'AES256';
  const key = textOf(rule, 'ApplyServerSideEncryptionByDefault', 'KMSMasterKeyID');
  const bucketKey = textOf(rule, 'BucketKeyEnabled');
  bucket.defaultEncryption = {
    'x-amz-server-side-encryption': algorithm,
    ...(key === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
    ...(bucketKey === 'true' ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  };
};

const applyCors = (bucket: Bucket, document: XmlElement): void => {
  bucket.cors = childrenOf(document, 'CORSRule').map((rule) => {
    const texts = (name: string) => childrenOf(rule, name).map((element) => element.text);
    return { origins: texts('AllowedOrigin'), methods: texts('AllowedMethod'), exposed: texts('ExposeHeader') };
  });
};

const settings: Readonly<Record<string, BucketSetting>> = {
  versioning: { noun: 'BucketVersioning', absent: { document: 'VersioningConfiguration' }, apply: applyVersioning },
  notification: {
    noun: 'BucketNotification',
    absent: { document: 'NotificationConfiguration' },
    apply: (bucket, document) => {
      bucket.notifications = readNotifications(document);
    },
    clear: (bucket) => {
      bucket.notifications = noNotifications;
    },
  },
  'object-lock': {
    noun: 'BucketObjectLockConfiguration',
    absent: { code: 'ObjectLockConfigurationNotFoundError' },
    apply: applyObjectLock,
  },
  encryption: {
    noun: 'EncryptionConfiguration',
    absent: { code: 'ServerSideEncryptionConfigurationNotFoundError' },
    apply: applyEncryption,
    clear: (bucket) => {
      bucket.defaultEncryption = serviceEncryption;
    },
  },
  cors: {
    noun: 'BucketCORS',
    absent: { code: 'NoSuchCORSConfiguration' },
    apply: applyCors,
    clear: (bucket) => {
      bucket.cors = [];
    },
  },
  policy: {
    noun: 'BucketPolicy',
    deleteAction: 's3:DeleteBucketPolicy',
    absent: { code: 'NoSuchBucketPolicy' },
    clear: (bucket) => {
      bucket.denials = [];
    },
  },
  lifecycle: { noun: 'LifecycleConfiguration', absent: { code: 'NoSuchLifecycleConfiguration' } },
  publicAccessBlock: {
    noun: 'BucketPublicAccessBlock',
    absent: { code: 'NoSuchPublicAccessBlockConfiguration' },
  },
  ownershipControls: { noun: 'BucketOwnershipControls', absent: { code: 'OwnershipControlsNotFoundError' } },
  tagging: { noun: 'BucketTagging', absent: { code: 'NoSuchTagSet' } },
  logging: { noun: 'BucketLogging', absent: { document: 'BucketLoggingStatus' } },
  website: {
    noun: 'BucketWebsite',
    deleteAction: 's3:DeleteBucketWebsite',
    absent: { code: 'NoSuchWebsiteConfiguration' },
  },
};

const readSetting =
  (name: string, setting: BucketSetting): Operation =>
  (call, s3) => {
    call.authorize(`s3:Get${setting.noun}`);
    const document = findBucket(s3, call.bucket).documents.get(name);
    if (document !== undefined) {
      return { status: 200, headers: name === 'policy' ? { 'content-type': 'application/json' } : {}, document };
    }
    if ('code' in setting.absent) throw new S3Error(setting.absent.code, 404);
    return { status: 200, document: xmlDocument(setting.absent.document) };
  };

const writeSetting =
  (name: string, setting: BucketSetting): Operation =>
  async (call, s3) => {
    call.authorize(`s3:Put${setting.noun}`);
    const document = await receiveDocument(call.headers, call.body());
    const bucket = findBucket(s3, call.bucket);
    if (name === 'policy') bucket.denials = readDenials(document);
    else {
      const parsed = parseXml(document);
      setting.apply?.(bucket, parsed);
    }
    bucket.documents.set(name, document);
    return { status: name === 'policy' ? 204 : 200 };
  };

const deleteSetting =
  (name: string, setting: BucketSetting): Operation =>
  (call, s3) => {
    call.authorize(setting.deleteAction ?? `s3:Put${setting.noun}`);
    const bucket = findBucket(s3, call.bucket);
    setting.clear?.(bucket);
    bucket.documents.delete(name);
    return { status: 204 };
  };

/** The operation on the sub-resource that the query names, if it names one that buckets have here. */
export const bucketSettingOperation = (method: string, query: URLSearchParams): Operation | undefined => {
  const [name, setting] = Object.entries(settings).find(([each]) => query.has(each)) ?? [];
  if (name === undefined || setting === undefined) return undefined;
  if (method === 'GET') return readSetting(name, setting);
  if (method === 'PUT') return writeSetting(name, setting);
  return method === 'DELETE' ? deleteSetting(name, setting) : undefined;
};
