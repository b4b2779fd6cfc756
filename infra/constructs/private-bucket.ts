import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { StageSettings } from '../config/stage-settings.ts';

export interface PrivateBucketProps {
  readonly key: IKey;
  readonly accessLogs: { readonly bucket: Bucket; readonly prefix: string };
  readonly lifecycleRules?: readonly LifecycleRule[];
  readonly lock?: StageSettings['archiveLock'];
}

/** A bucket that holds patient data: versioned, encrypted with our key, over TLS only, logged, never deleted with its stack. */
export class PrivateBucket extends Bucket {
  constructor(scope: Construct, id: string, { key, accessLogs, lifecycleRules = [], lock }: PrivateBucketProps) {
    super(scope, id, {
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      // CDK's class writes an optional property as one that may be undefined, which our stricter reading tells apart.
      serverAccessLogsBucket: accessLogs.bucket as IBucket,
      serverAccessLogsPrefix: accessLogs.prefix,
      lifecycleRules: [
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        ...lifecycleRules,
      ],
      ...(lock === undefined
        ? {}
        : {
            objectLockEnabled: true,
            objectLockDefaultRetention:
              lock.mode === 'COMPLIANCE'
                ? ObjectLockRetention.compliance(Duration.days(lock.days))
                : ObjectLockRetention.governance(Duration.days(lock.days)),
          }),
    });
  }
}
