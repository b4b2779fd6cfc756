import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  type CreateBucketCommandInput,
  GetObjectCommand,
  type GetObjectCommandOutput,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { type NotificationEvent, type StorageEvent, startS3 } from '../../../local/aws/s3.ts';
import type { LocalClock } from '../../../local/clock.ts';
import { clientSetting, followClock, present, settingOn } from './json-support.ts';

/** A running S3 with a real SDK client beside it, and all that it told anybody. */
export const startTestS3 = async (clock: LocalClock) => {
  const dir = await mkdtemp(join(tmpdir(), 's3-'));
  const { setting, calls } = settingOn(clock);
  const events: StorageEvent[] = [];
  const notifications: { arn: string; event: NotificationEvent }[] = [];
  const service = await startS3({
    ...setting,
    dir,
    onEvent: (event) => events.push(event),
    onNotification: (arn, event) => notifications.push({ arn, event }),
  });
  const client = new S3Client({ ...clientSetting(service.endpoint), forcePathStyle: true });
  followClock(client, clock);
  let buckets = 0;
  return {
    service,
    client,
    dir,
    calls,
    events,
    notifications,
    /** A new bucket; its name. */
    bucket: async (more: Partial<CreateBucketCommandInput> = {}): Promise<string> => {
      const name = `bucket-${++buckets}`;
      await client.send(new CreateBucketCommand({ Bucket: name, ...more }));
      return name;
    },
    versioned: async (bucket: string): Promise<string> => {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
      return bucket;
    },
    toEventBridge: async (bucket: string): Promise<string> => {
      const NotificationConfiguration = { EventBridgeConfiguration: {} };
      await client.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }));
      return bucket;
    },
    put: (
      Bucket: string,
      Key: string,
      Body: NonNullable<PutObjectCommandInput['Body']>,
      more: Partial<Omit<PutObjectCommandInput, 'Body'>> = {},
    ) => client.send(new PutObjectCommand({ Bucket, Key, Body, ...more })),
    text: async (Bucket: string, Key: string, VersionId?: string): Promise<string> => {
      const found = await client.send(new GetObjectCommand({ Bucket, Key, ...(VersionId ? { VersionId } : {}) }));
      return (await bytes(found)).toString();
    },
    /** Names of the files that hold bodies, settled or on their way in. */
    files: async () => ({ incoming: await readdir(join(dir, 'incoming')), bodies: await readdir(join(dir, 'bodies')) }),
    stop: async (): Promise<void> => {
      client.destroy();
      await service.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

export type TestS3 = Awaited<ReturnType<typeof startTestS3>>;

export const bytes = async (found: Pick<GetObjectCommandOutput, 'Body'>): Promise<Buffer> =>
  Buffer.from(await present(found.Body, 'body').transformToByteArray());

export const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex');

/** Passes when the call is refused with this error name and HTTP status. */
export const refusedWith = async (call: Promise<unknown>, name: string, httpStatusCode: number): Promise<void> => {
  await expect(call).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
};

/** Repeatable bytes that do not compress. */
export const noise = (length: number, seed = 1): Buffer => {
  const out = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out.writeInt32LE(state, Math.min(i, Math.max(0, length - 4)));
  }
  return out;
};

/** Waits until the condition holds; a test that waits in vain ends at its own timeout. */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
};
