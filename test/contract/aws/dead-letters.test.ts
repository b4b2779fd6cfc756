import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SqsService, startSqs } from '../../../local/aws/sqs/service.ts';
import { realClock } from '../../../local/clock.ts';
import { sqsDeadLetters } from '../../../shared/platform/aws/sqs-dead-letters.ts';
import { clientSetting, settingOn } from './json-support.ts';
import { bodies, queueClient } from './sqs-support.ts';

/** What operators' commands do with dead messages, on a queue of SQS and its dead-letter queue. */

const clock = realClock();
let service: SqsService;
let sqs: ReturnType<typeof queueClient>;
beforeAll(async () => {
  service = await startSqs(settingOn(clock).setting);
  sqs = queueClient(service.endpoint, clock);
});
afterAll(async () => {
  sqs.close();
  await service.close();
});

test.each([
  ['a standard queue', '', { groupId: 'RX1' }],
  ['a FIFO queue', '.fifo', { groupId: 'RX1OT001', deduplicationId: 'slot-1' }],
] as const)('of %s are seen, let go, handed back with their group, and taken away', async (_, suffix, ids) => {
  const fifo = suffix === '' ? {} : { FifoQueue: 'true' };
  const dead = await sqs.create(`dead${suffix}`, fifo);
  const policy = JSON.stringify({ deadLetterTargetArn: await sqs.arn(dead), maxReceiveCount: 3 });
  const url = await sqs.create(`live${suffix}`, { ...fifo, RedrivePolicy: policy });
  await sqs.put(dead, '{"slot":"1"}', {
    MessageGroupId: ids.groupId,
    ...('deduplicationId' in ids ? { MessageDeduplicationId: ids.deduplicationId } : {}),
  });
  const letters = sqsDeadLetters(url, clientSetting(service.endpoint));
  expect(await letters.count()).toBe(1);
  const [seen] = await letters.receive();
  expect(seen).toMatchObject({ body: '{"slot":"1"}', ...ids });
  expect(await letters.receive()).toEqual([]);
  if (!seen) throw new Error('not seen');
  await letters.letGo(seen);
  const [again] = await letters.receive();
  if (!again) throw new Error('not let go');
  expect(again.messageId).toBe(seen.messageId);
  await letters.handBack(again);
  await letters.remove(again);
  expect(bodies(await sqs.take(url))).toEqual(['{"slot":"1"}']);
  expect(await letters.count()).toBe(0);
});
