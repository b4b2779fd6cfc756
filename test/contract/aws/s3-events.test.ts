import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import { account, region } from './json-support.ts';
import { md5, refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

const clock = virtualClock(Date.UTC(2026, 9, 5, 9, 0, 0, 123));
let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3(clock);
});
beforeEach(() => {
  s3.events.length = 0;
  s3.notifications.length = 0;
});
afterAll(() => s3.stop());

describe('a bucket that sends to EventBridge', () => {
  test('tells of a new object in the form that rules match on', async () => {
    const Bucket = await s3.toEventBridge(await s3.versioned(await s3.bucket()));
    const found = await s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(found.EventBridgeConfiguration).toBeDefined();
    const { VersionId } = await s3.put(Bucket, 'inbox/RX1/a b.pdf', 'x');
    expect(s3.events).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        'detail-type': 'Object Created',
        source: 'aws.s3',
        account,
        time: '2026-10-05T09:00:00Z',
        region,
        resources: [`arn:aws:s3:::${Bucket}`],
        detail: {
          version: '0',
          bucket: { name: Bucket },
          object: {
            key: 'inbox/RX1/a b.pdf',
            size: 1,
            etag: md5(Buffer.from('x')),
            'version-id': VersionId,
            sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
          },
          'request-id': expect.any(String),
          requester: account,
          'source-ip-address': '127.0.0.1',
          reason: 'PutObject',
        },
      },
    ]);
  });

  test('tells how each object came and went, with a sequencer that only rises', async () => {
    const Bucket = await s3.toEventBridge(await s3.versioned(await s3.bucket()));
    const { VersionId } = await s3.put(Bucket, 'k', '1');
    await s3.put(Bucket, 'k', '2');
    await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }));
    await clock.advance(5000);
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'multi' }));
    const upload = { Bucket, Key: 'multi', UploadId };
    const { ETag } = await s3.client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'abc' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await s3.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    const marker = await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));

    const summary = s3.events.map(({ 'detail-type': type, detail }) => [type, detail.reason, detail.object.key]);
    expect(summary).toEqual([
      ['Object Created', 'PutObject', 'k'],
      ['Object Created', 'PutObject', 'k'],
      ['Object Created', 'CopyObject', 'copy'],
      ['Object Created', 'CompleteMultipartUpload', 'multi'],
      ['Object Deleted', 'DeleteObject', 'k'],
      ['Object Deleted', 'DeleteObject', 'k'],
    ]);
    const deletions = s3.events.slice(-2).map(({ detail }) => [detail['deletion-type'], detail.object['version-id']]);
    expect(deletions).toEqual([
      ['Delete Marker Created', marker.VersionId],
      ['Permanently Deleted', VersionId],
    ]);
    const sequencers = s3.events.map(({ detail }) => detail.object.sequencer);
    expect(sequencers).toEqual([...new Set(sequencers)].sort());
    expect(s3.events.at(3)?.time).toBe('2026-10-05T09:00:05Z');
  });

  test('tells nothing of a write that was refused, nor of a deletion that deleted nothing', async () => {
    const Bucket = await s3.toEventBridge(await s3.bucket());
    await s3.put(Bucket, 'k', '1');
    await refusedWith(s3.put(Bucket, 'k', '2', { IfNoneMatch: '*' }), 'PreconditionFailed', 412);
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'nothing' }));
    expect(s3.events).toHaveLength(1);
    expect(s3.events[0]?.detail.object).not.toHaveProperty('version-id');
  });
});

test('a bucket that was not told to sends nothing', async () => {
  const Bucket = await s3.bucket();
  await s3.put(Bucket, 'k', '1');
  expect([s3.events, s3.notifications]).toEqual([[], []]);
});

describe('a bucket that names a queue', () => {
  test('sends it what its filter lets through, keys form-encoded', async () => {
    const Bucket = await s3.bucket();
    const QueueArn = `arn:aws:sqs:${region}:${account}:notified`;
    const FilterRules = [
      { Name: 'suffix', Value: '.pdf' },
      { Name: 'prefix', Value: 'in/' },
    ] as const;
    const configuration = {
      QueueConfigurations: [
        { QueueArn, Events: ['s3:ObjectCreated:*' as const], Filter: { Key: { FilterRules: [...FilterRules] } } },
      ],
      TopicConfigurations: [
        { TopicArn: `arn:aws:sns:${region}:${account}:topic`, Events: ['s3:ObjectRemoved:Delete' as const] },
      ],
    };
    const input = { Bucket, NotificationConfiguration: configuration };
    await s3.client.send(new PutBucketNotificationConfigurationCommand(input));
    const stored = await s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(stored.QueueConfigurations).toHaveLength(1);

    await s3.put(Bucket, 'in/n one.pdf', 'x');
    await s3.put(Bucket, 'in/n one.json', 'x');
    await s3.put(Bucket, 'out/n one.pdf', 'x');
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'out/n one.pdf' }));
    expect(s3.notifications.map(({ arn }) => arn.split(':').at(-1))).toEqual(['notified', 'topic']);
    expect(s3.notifications[0]?.event.Records[0]).toMatchObject({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      eventTime: '2026-10-05T09:00:05.123Z',
      s3: { bucket: { name: Bucket }, object: { key: 'in/n+one.pdf', size: 1 } },
    });
    expect(s3.notifications[1]?.event.Records[0]).toMatchObject({ eventName: 'ObjectRemoved:Delete' });
    expect(s3.events).toEqual([]);
  });
});
