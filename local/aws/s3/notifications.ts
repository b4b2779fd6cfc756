import { randomUUID } from 'node:crypto';
import { isoTime } from '../../../shared/platform/clock.ts';
import { childrenOf, descend, textOf, type XmlElement } from './xml.ts';

export type ObjectEventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated';

/** Something that happened to one object, before it has the form of either kind of notification. */
export interface ObjectEvent {
  readonly name: ObjectEventName;
  readonly key: string;
  /** Absent in a bucket that never had versioning. */
  readonly versionId?: string;
  /** Bytes and entity tag; absent for a delete marker. */
  readonly size?: number;
  readonly etag?: string;
  readonly at: number;
}

export interface SequencedEvent extends ObjectEvent {
  /** Hexadecimal, always of one length, greater than that of every earlier event. */
  readonly sequencer: string;
}

/** What S3 puts on the default EventBridge bus. */
export interface StorageEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': 'Object Created' | 'Object Deleted';
  readonly source: 'aws.s3';
  readonly account: string;
  /** ISO 8601 in whole seconds, as S3 gives it. */
  readonly time: string;
  readonly region: string;
  /** The bucket's ARN. */
  readonly resources: readonly [string];
  readonly detail: {
    readonly version: '0';
    readonly bucket: { readonly name: string };
    readonly object: {
      readonly key: string;
      readonly size?: number;
      readonly etag?: string;
      readonly 'version-id'?: string;
      readonly sequencer: string;
    };
    readonly 'request-id': string;
    readonly requester: string;
    readonly 'source-ip-address': string;
    readonly reason: string;
    readonly 'deletion-type'?: 'Permanently Deleted' | 'Delete Marker Created';
  };
}

/** What a queue, topic or function that a bucket names directly is sent. */
export interface NotificationEvent {
  readonly Records: readonly Readonly<Record<string, unknown>>[];
}

interface Target {
  readonly arn: string;
  readonly configurationId: string;
  /** `s3:ObjectCreated:*`, … */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

/** A bucket's NotificationConfiguration. */
export interface Notifications {
  readonly eventBridge: boolean;
  readonly targets: readonly Target[];
}

export const noNotifications: Notifications = { eventBridge: false, targets: [] };

const targetKinds = [
  ['QueueConfiguration', 'Queue'],
  ['TopicConfiguration', 'Topic'],
  ['CloudFunctionConfiguration', 'CloudFunction'],
] as const;

export const readNotifications = (document: XmlElement): Notifications => ({
  eventBridge: descend(document, 'EventBridgeConfiguration') !== undefined,
  targets: targetKinds.flatMap(([kind, arnElement]) =>
    childrenOf(document, kind).map((target) => {
      const rules = childrenOf(descend(target, 'Filter', 'S3Key'), 'FilterRule');
      const rule = (name: string) =>
        textOf(
          rules.find((each) => textOf(each, 'Name')?.toLowerCase() === name),
          'Value',
        ) ?? '';
      return {
        arn: textOf(target, arnElement) ?? '',
        configurationId: textOf(target, 'Id') ?? randomUUID(),
        events: childrenOf(target, 'Event').map((event) => event.text),
        prefix: rule('prefix'),
        suffix: rule('suffix'),
      };
    }),
  ),
});

const reasons: Readonly<Record<ObjectEventName, string>> = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Post': 'POST Object',
  'ObjectCreated:Copy': 'CopyObject',
  'ObjectCreated:CompleteMultipartUpload': 'CompleteMultipartUpload',
  'ObjectRemoved:Delete': 'DeleteObject',
  'ObjectRemoved:DeleteMarkerCreated': 'DeleteObject',
};

interface Origin {
  readonly account: string;
  readonly region: string;
  readonly bucket: string;
}

export const storageEvent = ({ account, region, bucket }: Origin, event: SequencedEvent): StorageEvent => {
  const created = event.name.startsWith('ObjectCreated');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': created ? 'Object Created' : 'Object Deleted',
    source: 'aws.s3',
    account,
    time: isoTime(event.at).replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: {
        key: event.key,
        ...(event.size === undefined ? {} : { size: event.size }),
        ...(event.etag === undefined ? {} : { etag: event.etag }),
        ...(event.versionId === undefined ? {} : { 'version-id': event.versionId }),
        sequencer: event.sequencer,
      },
      'request-id': randomUUID(),
      requester: account,
      'source-ip-address': '127.0.0.1',
      reason: reasons[event.name],
      ...(created
        ? {}
        : {
            'deletion-type':
              event.name === 'ObjectRemoved:Delete'
                ? ('Permanently Deleted' as const)
                : ('Delete Marker Created' as const),
          }),
    },
  };
};

/** Keys in these records are form-encoded: a space is a plus sign, a slash stays. */
const formEncoded = (key: string) => encodeURIComponent(key).replace(/%20/g, '+').replace(/%2F/g, '/');

/** The targets that want this event, each with the record it is sent. */
export const notificationsFor = (
  { targets }: Notifications,
  { account, region, bucket }: Origin,
  event: SequencedEvent,
): readonly { arn: string; event: NotificationEvent }[] =>
  targets
    .filter(
      ({ events, prefix, suffix }) =>
        event.key.startsWith(prefix) &&
        event.key.endsWith(suffix) &&
        events.some((wanted) =>
          wanted.endsWith('*') ? `s3:${event.name}`.startsWith(wanted.slice(0, -1)) : wanted === `s3:${event.name}`,
        ),
    )
    .map(({ arn, configurationId }) => ({
      arn,
      event: {
        Records: [
          {
            eventVersion: '2.1',
            eventSource: 'aws:s3',
            awsRegion: region,
            eventTime: isoTime(event.at),
            eventName: event.name,
            userIdentity: { principalId: account },
            requestParameters: { sourceIPAddress: '127.0.0.1' },
            responseElements: { 'x-amz-request-id': randomUUID(), 'x-amz-id-2': 'local' },
            s3: {
              s3SchemaVersion: '1.0',
              configurationId,
              bucket: { name: bucket, ownerIdentity: { principalId: account }, arn: `arn:aws:s3:::${bucket}` },
              object: {
                key: formEncoded(event.key),
                ...(event.size === undefined ? {} : { size: event.size }),
                ...(event.etag === undefined ? {} : { eTag: event.etag }),
                ...(event.versionId === undefined ? {} : { versionId: event.versionId }),
                sequencer: event.sequencer,
              },
            },
          },
        ],
      },
    }));
