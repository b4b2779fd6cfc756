import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning, type Rig, startRig } from './rig.ts';

describe('a function that fails', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ batchSize: 1, maxReceiveCount: 2, timeoutSeconds: 2 });
  });
  afterAll(() => rig?.close());

  it('loses nothing of a batch when it throws', async () => {
    await rig.send({ name: 'a', do: 'throw' });
    expect((await rig.told(2)).map(({ received }) => received)).toEqual([1, 2]);
    expect(await rig.deadLetters(1)).toEqual([JSON.stringify({ name: 'a', do: 'throw' })]);
    expect(rig.log()).toContain('the whole batch failed');
  });

  it('is killed at its timeout, and another process takes the message when it comes back', async () => {
    await rig.send({ name: 'slow', do: 'hang' });
    const [first, second] = await rig.told(2);
    expect(await rig.deadLetters(1)).toHaveLength(1);
    expect(first?.processId).not.toBe(second?.processId);
    await expect.poll(() => isRunning(first?.pid ?? 0), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => rig.log(), { timeout: 10_000 }).toContain('Task timed out after 2.00 seconds');
  });

  it('survives a process that ends by itself', async () => {
    await rig.send({ name: 'gone', do: 'exit' });
    const [first] = await rig.told(2);
    await rig.deadLetters(1);
    await expect.poll(() => rig.log(), { timeout: 10_000 }).toContain('Runtime exited with error: exit status 3');
    await rig.send({ name: 'after' });
    const [after] = await rig.told(1);
    expect(after).toMatchObject({ name: 'after' });
    expect(after?.processId).not.toBe(first?.processId);
  });
});
