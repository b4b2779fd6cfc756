import type { JsonObject } from '../../../../../local/aws/events/pattern.ts';

/** A storage event as S3 gives it to EventBridge. */
export const storageEvent = (key: string): JsonObject => ({
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '000000000000',
  time: '2026-11-22T10:00:00Z',
  region: 'eu-west-2',
  resources: ['arn:aws:s3:::drops'],
  detail: {
    version: '0',
    bucket: { name: 'drops' },
    object: { key, size: 1024, etag: 'b1946ac9', 'version-id': 'v1', sequencer: '00617F08299329D189' },
    reason: 'PutObject',
  },
});
