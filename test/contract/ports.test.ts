import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSqs } from '../../local/aws/sqs/service.ts';
import { sqsQueue } from '../../shared/platform/aws/sqs-queue.ts';
import { type Objects, readWhole } from '../../shared/platform/objects.ts';
import type { SenderIndex, Table, UnsentIndex } from '../../shared/platform/table.ts';
import { memoryTable } from '../support/memory-table.ts';
import { createRigOnLocalServices, type Rig } from '../support/rig.ts';
import { memoryObjects } from '../support/world/memory-objects.ts';

/** The ports that suites keep in memory answer as the real adapters do on the local services. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRigOnLocalServices();
});
afterAll(() => rig.close());

const kinds = ['on the local service', 'in memory'] as const;
const clock = { now: () => Date.now() };
const memory = memoryTable(clock);
const tables: Record<(typeof kinds)[number], () => Table & SenderIndex & UnsentIndex> = {
  'on the local service': () => rig.table,
  'in memory': () => memory,
};
const bucket = memoryObjects('drops', clock);
const buckets: Record<(typeof kinds)[number], () => Objects> = {
  'on the local service': () => rig.drops,
  'in memory': () => bucket,
};

describe.each(kinds)('the table %s', (kind) => {
  it('writes where the revision is the one read, and nowhere else', async () => {
    const table = tables[kind]();
    const key = 'DOC#contract';
    expect(await table.read(key)).toBeUndefined();
    expect(await table.write(key, { n: 1, none: undefined }, 1)).toBe('conflict');
    expect(await table.write(key, { n: 1, none: undefined }, 0)).toBe('written');
    expect(await table.write(key, { n: 2 }, 0)).toBe('conflict');
    expect(await table.read(key)).toEqual({ n: 1, revision: 1 });
    expect(await table.write(key, { n: 2, revision: 99 }, 1)).toBe('written');
    expect(await table.read(key)).toEqual({ n: 2, revision: 2 });
    expect(await table.remove(key, 1)).toBe('conflict');
    expect(await table.remove(key, 2)).toBe('written');
    expect(await table.read(key)).toBeUndefined();
    expect(await table.remove(key, 2)).toBe('conflict');
  });

  it('finds what is due, and what waits to be sent, oldest first and page by page', async () => {
    const table = tables[kind]();
    const keys = Array.from({ length: 30 }, (_, n) => `DOC#page-${n}`);
    for (const [n, key] of keys.entries()) {
      await table.write(key, { n }, 0, { nextCheckAt: 1000 - n, unsentSince: 5000 - 10 * n });
    }
    await table.write('DOC#not-due', {}, 0, { nextCheckAt: 3000 });
    await table.write('DOC#unseen', {}, 0, { unsentSince: 1 });
    let seen = 0;
    for (const shard of ['0', '1', '2', '3']) {
      const due = (await table.due(shard, 2000, 50)).filter(({ key }) => key.startsWith('DOC#page'));
      expect(due.map(({ nextCheckAt }) => nextCheckAt)).toEqual(
        due.map(({ nextCheckAt }) => nextCheckAt).sort((a, b) => a - b),
      );
      expect(due.some(({ key }) => key === 'DOC#not-due')).toBe(false);
      const whole = await table.unsent(shard, 100);
      const paged = [];
      for (let after = (await table.unsent(shard, 2)).at(-1); after; ) {
        const page = await table.unsent(shard, 2, after);
        paged.push(...page);
        after = page.at(-1);
      }
      expect([...whole.slice(0, 2), ...paged]).toEqual(whole);
      expect(whole.map(({ unsentSince }) => unsentSince)).toEqual(
        whole.map(({ unsentSince }) => unsentSince).sort((a, b) => a - b),
      );
      expect(await table.oldestUnsent(shard)).toBe(whole[0]?.unsentSince);
      expect(whole.some(({ key }) => key === 'DOC#unseen')).toBe(false);
      expect(whole.length, `shard ${shard}`).toBeGreaterThan(0);
      seen += whole.length;
    }
    expect(seen).toBe(30);
    for (const key of [...keys, 'DOC#not-due', 'DOC#unseen']) await table.remove(key, 1);
  });
});

describe.each(kinds)('the bucket %s', (kind) => {
  it('keeps versions, and writes and removes on condition', async () => {
    const objects = buckets[kind]();
    const key = 'inbox/RX1/contract.json';
    expect(await objects.head(key)).toBeUndefined();
    expect(await objects.get(key)).toBeUndefined();
    expect(await objects.put(key, 'one', { ifNew: true })).toBe('written');
    expect(await objects.put(key, 'two', { ifNew: true })).toBe('conflict');
    const first = await objects.head(key);
    expect(await objects.put(key, 'two', { ifMatch: '"other"' })).toBe('conflict');
    expect(await objects.put(key, 'two', { ifMatch: first?.etag ?? '' })).toBe('written');
    const old = await readWhole(objects, key, 100, first?.versionId);
    expect(old !== 'too-large' && old?.bytes.toString()).toBe('one');
    expect(await readWhole(objects, key, 2)).toBe('too-large');
    expect(await objects.remove(key, { ifMatch: first?.etag ?? '' })).toBe('conflict');
    const second = await objects.head(key);
    expect(second?.size).toBe(3);
    expect(await objects.copyWithin(key, `${key}.copy`, '"other"')).toBe('conflict');
    expect(await objects.copyWithin(key, `${key}.copy`, second?.etag ?? '')).toBe('written');
    expect(await objects.copyFrom(objects, key, `${key}.kept`)).toBe('written');
    expect(await objects.copyFrom(objects, key, `${key}.kept`)).toBe('conflict');
    const listed: string[] = [];
    for await (const one of objects.list('inbox/RX1/contract', key)) listed.push(one.key);
    expect(listed).toEqual([`${key}.copy`, `${key}.kept`]);
    expect(await objects.remove(key, { ifMatch: second?.etag ?? '' })).toBe('removed');
    expect(await objects.remove(key)).toBe('removed');
    expect(await objects.head(key)).toBeUndefined();
    expect(await objects.get(key)).toBeUndefined();
  });

  it('leaves nothing of an upload that breaks off, and reads ranges', async () => {
    const objects = buckets[kind]();
    const broken = (async function* () {
      yield Buffer.from('some');
      throw new Error('broke off');
    })();
    await expect(objects.upload('messages/broken', broken, 'text/plain')).rejects.toThrow();
    expect(await objects.head('messages/broken')).toBeUndefined();
    const whole = (async function* () {
      yield Buffer.from('0123');
      yield Buffer.from('456789');
    })();
    await objects.upload('messages/whole', whole, 'text/plain');
    const part = await objects.get('messages/whole', { range: { from: 2, to: 5 } });
    const bytes: Uint8Array[] = [];
    for await (const piece of part?.body ?? []) bytes.push(piece);
    expect(Buffer.concat(bytes).toString()).toBe('234');
  });
});

describe('the outbox', () => {
  it('with five hundred documents of one organisation and one of another gives the one out among the first twenty', async () => {
    const credentials = { accessKeyId: 'AKIAFAIR', secretAccessKey: 'a-secret-of-fairness' };
    const service = await startSqs({
      clock: rig.clock,
      region: 'eu-west-2',
      account: '000000000000',
      identities: { secretFor: () => credentials.secretAccessKey },
    });
    const client = new SQSClient({ endpoint: service.endpoint, region: 'eu-west-2', credentials });
    try {
      const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'outbox' }));
      const outbox = sqsQueue(QueueUrl, client);
      for (let n = 0; n < 500; n += 20) {
        const twenty = Array.from({ length: 20 }, (_, i) => ({ documentId: `many-${n + i}` }));
        await Promise.all(twenty.map((message) => outbox.send(message, { groupId: 'RX1' })));
      }
      const receive = () => client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 5 }));
      // The first batch is under way when the other organisation's only document comes.
      const handled = (await receive()).Messages ?? [];
      await outbox.send({ documentId: 'the-one' }, { groupId: 'RX2' });
      while (handled.length < 20) {
        const { Messages = [] } = await receive();
        for (const { ReceiptHandle } of Messages)
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        handled.push(...Messages);
      }
      expect(handled.slice(0, 20).some(({ Body }) => Body?.includes('the-one'))).toBe(true);
    } finally {
      client.destroy();
      await service.close();
    }
  });
});
