import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaledClock } from '../../../local/clock.ts';
import { type Rig, startRig } from './rig.ts';

describe('a function behind a queue, as its template says', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ batchSize: 3, windowSeconds: 1, maxReceiveCount: 2, visibilitySeconds: 2 });
  });
  afterAll(() => rig?.close());

  it('gets a batch, and only the message it reports as failed comes back, until it is a dead letter', async () => {
    await rig.send({ name: 'a' }, { name: 'b', do: 'report' }, { name: 'c' });
    const first = await rig.told(3);
    expect(first.map(({ name, batchSize, received }) => [name, batchSize, received])).toEqual([
      ['a', 3, 1],
      ['b', 3, 1],
      ['c', 3, 1],
    ]);
    expect(await rig.told(1)).toMatchObject([{ name: 'b', batchSize: 1, received: 2 }]);
    expect(await rig.deadLetters(1)).toEqual([JSON.stringify({ name: 'b', do: 'report' })]);
  });
});

describe('changing the template changes what happens', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ batchSize: 1, maxReceiveCount: 3, visibilitySeconds: 0, reservedConcurrency: 1 });
  });
  afterAll(() => rig?.close());

  it('with another maxReceiveCount a failing message is tried so often', async () => {
    await rig.send({ name: 'b', do: 'report' });
    expect((await rig.told(3)).map(({ received }) => received)).toEqual([1, 2, 3]);
    expect(await rig.deadLetters(1)).toHaveLength(1);
  });

  it('with another batch size each message comes alone', async () => {
    await rig.send({ name: 'a' }, { name: 'b' }, { name: 'c' });
    expect((await rig.told(3)).map(({ batchSize }) => batchSize)).toEqual([1, 1, 1]);
  });

  it('with a reserved concurrency of one no two messages are handled at a time', async () => {
    await rig.send({ name: 'a', do: 'meet', wanted: 2 }, { name: 'b', do: 'meet', wanted: 2 });
    const [a, b] = await rig.told(2);
    // The first never meets the second, which then finds the first's sign still standing.
    expect([a?.met, b?.met]).toEqual([false, true]);
    expect(a?.processId).toBe(b?.processId);
  });
});

describe('where the template allows it', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ batchSize: 1, maximumConcurrency: 2, visibilitySeconds: 30 });
  });
  afterAll(() => rig?.close());

  it('two messages are handled at the same time, in two processes', async () => {
    await rig.send({ name: 'a', do: 'meet', wanted: 2 }, { name: 'b', do: 'meet', wanted: 2 });
    const [a, b] = await rig.told(2);
    expect([a?.met, b?.met]).toEqual([true, true]);
    expect(a?.processId).not.toBe(b?.processId);
  });

  it('a call outside the function’s role is written down without the name of the object', async () => {
    await rig.send({ name: 'c', do: 'stray' });
    await rig.told(1);
    expect(rig.engine.outsideRole.count).toBe(1);
    expect(rig.engine.outsideRole.calls).toMatchObject([
      { function: 'worker', action: 's3:PutObject', resource: expect.stringMatching(/:::.*\/inbox\/RX1\/…$/) },
    ]);
    const log = rig.log('outside-role');
    expect(JSON.parse(log)).toMatchObject({ function: 'worker', action: 's3:PutObject' });
    expect(log).not.toContain('9000000009');
  });
});

describe('a function that is switched off', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ batchSize: 1, visibilitySeconds: 600, maxReceiveCount: 1 }, scaledClock(60));
  });
  afterAll(() => rig?.close());

  it('gets what came meanwhile as soon as it is let run again, and for the first time', async () => {
    rig.engine.reserveConcurrency('worker', 0);
    await rig.send({ name: 'a' });
    // Offered once at least, and refused.
    const QueueUrl = rig.engine.physicalName('Work');
    const underWay = async () => {
      const { Attributes } = await rig.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesNotVisible'] }),
      );
      return Attributes?.ApproximateNumberOfMessagesNotVisible === '1';
    };
    while (!(await underWay())) await new Promise((resolve) => setTimeout(resolve, 20));
    rig.engine.reserveConcurrency('worker');
    const [told] = await rig.told(1);
    expect(told).toMatchObject({ name: 'a', received: 1 });
  });
});
