import type { IncomingMessage, ServerResponse } from 'node:http';
import { openBodyStore } from './s3/bodies.ts';
import type { S3State } from './s3/model.ts';
import { type NotificationEvent, notificationsFor, type StorageEvent, storageEvent } from './s3/notifications.ts';
import { serve } from './s3/server.ts';
import { type LocalService, listen, type ServiceSetting } from './service.ts';

export type { NotificationEvent, StorageEvent } from './s3/notifications.ts';

export interface S3Setting extends ServiceSetting {
  /** Where bodies lie. The service makes `incoming/` and `bodies/` there and empties them when it starts. */
  readonly dir: string;
  /** Told of every event of a bucket with EventBridge notifications on, in order. Must not throw. */
  readonly onEvent?: (event: StorageEvent) => void;
  /** Told what to hand to the queue, topic or function that a bucket names itself. Must not throw. */
  readonly onNotification?: (arn: string, event: NotificationEvent) => void;
}

export type S3Service = LocalService;

/** Greater than any before it, by time where time has moved on; 18 hexadecimal digits. */
const sequencers = (now: () => number): (() => string) => {
  let latest = 0n;
  return () => {
    const byTime = BigInt(Math.floor(now())) << 16n;
    latest = byTime > latest ? byTime : latest + 1n;
    return latest.toString(16).toUpperCase().padStart(18, '0');
  };
};

/**
 * Amazon S3 on this machine: path-style addresses, Signature Version 4 (headers, presigned URLs, POST policies),
 * bodies streamed to and from `dir`. The index is in memory: buckets and objects end with the service.
 */
export const startS3 = async (setting: S3Setting): Promise<S3Service> => {
  const { clock, region, account, onEvent, onNotification } = setting;
  const nextSequencer = sequencers(() => clock.now());
  const s3: S3State = {
    clock,
    region,
    account,
    buckets: new Map(),
    bodies: await openBodyStore(setting.dir),
    announce(bucket, event) {
      const sequenced = { ...event, sequencer: nextSequencer() };
      const origin = { account, region, bucket: bucket.name };
      if (bucket.notifications.eventBridge) onEvent?.(storageEvent(origin, sequenced));
      for (const sent of notificationsFor(bucket.notifications, origin, sequenced))
        onNotification?.(sent.arn, sent.event);
    },
  };
  const underWay = new Set<Promise<void>>();
  const handle = (message: IncomingMessage, response: ServerResponse) => {
    const answered = serve(message, response, s3, setting).finally(() => underWay.delete(answered));
    underWay.add(answered);
  };
  const { endpoint, close } = await listen(handle, setting.port);
  return {
    endpoint,
    async close() {
      await close();
      // Calls that were cut off still have their temporary files to remove.
      await Promise.all(underWay);
    },
  };
};
