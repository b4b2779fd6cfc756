import {
  type Event as BucketEvent,
  CreateBucketCommand,
  type LifecycleRule,
  type NotificationConfiguration,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  TransitionStorageClass,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { type Family, family, flag, generatedName, jsonObject, number, tags } from './family.ts';

const lifecycleRule = z.object({
  Id: z.string().optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  Prefix: z.string().optional(),
  ExpirationInDays: number.optional(),
  ExpiredObjectDeleteMarker: flag.optional(),
  NoncurrentVersionExpiration: z
    .object({ NoncurrentDays: number, NewerNoncurrentVersions: number.optional() })
    .optional(),
  NoncurrentVersionExpirationInDays: number.optional(),
  Transitions: z
    .array(z.object({ StorageClass: z.enum(TransitionStorageClass), TransitionInDays: number.optional() }))
    .default([]),
  AbortIncompleteMultipartUpload: z.object({ DaysAfterInitiation: number }).optional(),
});

const lifecycleOf = (rule: z.output<typeof lifecycleRule>): LifecycleRule => {
  const noncurrentDays = rule.NoncurrentVersionExpiration?.NoncurrentDays ?? rule.NoncurrentVersionExpirationInDays;
  const newer = rule.NoncurrentVersionExpiration?.NewerNoncurrentVersions;
  const expires = rule.ExpirationInDays !== undefined || rule.ExpiredObjectDeleteMarker !== undefined;
  return {
    ...(rule.Id === undefined ? {} : { ID: rule.Id }),
    Status: rule.Status,
    Filter: { Prefix: rule.Prefix ?? '' },
    ...(expires
      ? {
          Expiration: {
            ...(rule.ExpirationInDays === undefined ? {} : { Days: rule.ExpirationInDays }),
            ...(rule.ExpiredObjectDeleteMarker === undefined
              ? {}
              : { ExpiredObjectDeleteMarker: rule.ExpiredObjectDeleteMarker }),
          },
        }
      : {}),
    ...(noncurrentDays === undefined
      ? {}
      : {
          NoncurrentVersionExpiration: {
            NoncurrentDays: noncurrentDays,
            ...(newer === undefined ? {} : { NewerNoncurrentVersions: newer }),
          },
        }),
    ...(rule.Transitions.length === 0
      ? {}
      : {
          Transitions: rule.Transitions.map(({ StorageClass, TransitionInDays: Days }) => ({
            StorageClass,
            ...(Days === undefined ? {} : { Days }),
          })),
        }),
    ...(rule.AbortIncompleteMultipartUpload === undefined
      ? {}
      : { AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload }),
  };
};

const target = {
  // The SDK lists the names, the template has text; S3 itself checks them.
  Event: z.string().transform((name) => name as BucketEvent),
  Filter: z
    .object({ S3Key: z.object({ Rules: z.array(z.object({ Name: z.string(), Value: z.string() })) }) })
    .optional(),
};
const notifications = z.object({
  EventBridgeConfiguration: z.object({ EventBridgeEnabled: flag.default(true) }).optional(),
  QueueConfigurations: z.array(z.object({ ...target, Queue: z.string() })).default([]),
  TopicConfigurations: z.array(z.object({ ...target, Topic: z.string() })).default([]),
  LambdaConfigurations: z.array(z.object({ ...target, Function: z.string() })).default([]),
});

const occasion = ({ Event, Filter }: { Event: BucketEvent; Filter?: z.output<typeof target.Filter> }) => ({
  Events: [Event],
  ...(Filter === undefined
    ? {}
    : {
        Filter: {
          Key: {
            FilterRules: Filter.S3Key.Rules.map(({ Name, Value }) => ({
              Name: Name.toLowerCase() === 'suffix' ? ('suffix' as const) : ('prefix' as const),
              Value,
            })),
          },
        },
      }),
});

const notificationsOf = (declared: z.output<typeof notifications>): NotificationConfiguration => ({
  ...(declared.EventBridgeConfiguration?.EventBridgeEnabled ? { EventBridgeConfiguration: {} } : {}),
  QueueConfigurations: declared.QueueConfigurations.map((each) => ({ ...occasion(each), QueueArn: each.Queue })),
  TopicConfigurations: declared.TopicConfigurations.map((each) => ({ ...occasion(each), TopicArn: each.Topic })),
  LambdaFunctionConfigurations: declared.LambdaConfigurations.map((each) => ({
    ...occasion(each),
    LambdaFunctionArn: each.Function,
  })),
});

const retention = z.object({
  Mode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
  Days: number.optional(),
  Years: number.optional(),
});

const retentionOf = ({ Mode, Days, Years }: z.output<typeof retention>) => ({
  Mode,
  ...(Days === undefined ? {} : { Days }),
  ...(Years === undefined ? {} : { Years }),
});

const bucket = family(
  'AWS::S3::Bucket',
  z.object({
    BucketName: z.string().optional(),
    BucketEncryption: z
      .object({
        ServerSideEncryptionConfiguration: z.array(
          z.object({
            BucketKeyEnabled: flag.default(false),
            ServerSideEncryptionByDefault: z.object({
              SSEAlgorithm: z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']),
              KMSMasterKeyID: z.string().optional(),
            }),
          }),
        ),
      })
      .optional(),
    CorsConfiguration: z
      .object({
        CorsRules: z.array(
          z.object({
            AllowedHeaders: z.array(z.string()).default([]),
            AllowedMethods: z.array(z.string()),
            AllowedOrigins: z.array(z.string()),
            ExposedHeaders: z.array(z.string()).default([]),
            MaxAge: number.optional(),
          }),
        ),
      })
      .optional(),
    LifecycleConfiguration: z.object({ Rules: z.array(lifecycleRule) }).optional(),
    NotificationConfiguration: notifications.optional(),
    ObjectLockConfiguration: z
      .object({ Rule: z.object({ DefaultRetention: retention.optional() }).optional() })
      .optional(),
    ObjectLockEnabled: flag.default(false),
    PublicAccessBlockConfiguration: z
      .object({
        BlockPublicAcls: flag.default(false),
        BlockPublicPolicy: flag.default(false),
        IgnorePublicAcls: flag.default(false),
        RestrictPublicBuckets: flag.default(false),
      })
      .optional(),
    Tags: tags,
    VersioningConfiguration: z.object({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  }),
  ['AccessControl', 'LoggingConfiguration', 'OwnershipControls'],
  async (declared, { region, clients: { s3 } }) => {
    const { properties } = declared;
    const Bucket = properties.BucketName ?? generatedName(declared, 63).toLowerCase();
    await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: properties.ObjectLockEnabled }));
    if (properties.VersioningConfiguration) {
      const { Status } = properties.VersioningConfiguration;
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
    }
    const lock = properties.ObjectLockConfiguration?.Rule?.DefaultRetention;
    if (lock) {
      const Rule = { DefaultRetention: retentionOf(lock) };
      const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule };
      await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    }
    if (properties.BucketEncryption) {
      const Rules = properties.BucketEncryption.ServerSideEncryptionConfiguration.map((rule) => ({
        BucketKeyEnabled: rule.BucketKeyEnabled,
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm: rule.ServerSideEncryptionByDefault.SSEAlgorithm,
          ...(rule.ServerSideEncryptionByDefault.KMSMasterKeyID === undefined
            ? {}
            : { KMSMasterKeyID: rule.ServerSideEncryptionByDefault.KMSMasterKeyID }),
        },
      }));
      await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    }
    if (properties.PublicAccessBlockConfiguration) {
      const PublicAccessBlockConfiguration = properties.PublicAccessBlockConfiguration;
      await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    }
    if (properties.CorsConfiguration) {
      const CORSRules = properties.CorsConfiguration.CorsRules.map(({ ExposedHeaders, MaxAge, ...rule }) => ({
        ...rule,
        ExposeHeaders: ExposedHeaders,
        ...(MaxAge === undefined ? {} : { MaxAgeSeconds: MaxAge }),
      }));
      await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    }
    if (properties.LifecycleConfiguration) {
      const Rules = properties.LifecycleConfiguration.Rules.map(lifecycleOf);
      await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    }
    if (properties.Tags.length > 0) {
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: properties.Tags } }));
    }
    if (properties.NotificationConfiguration) {
      const NotificationConfiguration = notificationsOf(properties.NotificationConfiguration);
      await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    }
    const domain = `${Bucket}.s3.${region}.amazonaws.com`;
    return {
      ref: Bucket,
      attributes: {
        Arn: `arn:aws:s3:::${Bucket}`,
        DomainName: `${Bucket}.s3.amazonaws.com`,
        RegionalDomainName: domain,
      },
    };
  },
);

const bucketPolicy = family(
  'AWS::S3::BucketPolicy',
  z.object({ Bucket: z.string(), PolicyDocument: jsonObject }),
  [],
  async ({ properties: { Bucket, PolicyDocument } }, { clients: { s3 } }) => {
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(PolicyDocument) }));
    return { ref: Bucket, attributes: {} };
  },
);

export const bucketFamilies: readonly Family[] = [bucket, bucketPolicy];
