import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaledClock } from '../../../local/clock.ts';
import { readAssembly } from '../../../local/engine/assembly.ts';
import { type Engine, startEngine } from '../../../local/engine/engine.ts';
import { synthesise } from '../../../local/engine/synthesise.ts';

describe('the CDK app as it is synthesised', () => {
  const dir = mkdtempSync(join(tmpdir(), 'engine-'));
  const assemblyDir = join(dir, 'cdk.out');
  let engine: Engine;

  beforeAll(async () => {
    const queues = { outbox: { batchSize: 2, maxConcurrency: 3, maxReceiveCount: 7 } };
    await synthesise({ stage: 'local', outDir: assemblyDir, context: { settings: { queues } } });
    engine = await startEngine({ assemblyDir, stateDir: join(dir, 'state'), clock: scaledClock(2) });
  });
  afterAll(async () => {
    await engine?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('runs here whole: nothing in it is unknown or passed over', () => {
    expect(engine.warnings).toEqual([]);
    const declared = readAssembly(assemblyDir).stacks.flatMap(({ resources }) => [...resources.keys()]);
    expect(engine.resources.all).toHaveLength(declared.length);
  });

  it('has the queue settings of infra, changed there and nowhere else', async () => {
    const { region, credentials } = engine;
    const sqs = new SQSClient({ endpoint: engine.sqsEndpoint, region, credentials });
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: engine.physicalName('Outbox/Queue'), AttributeNames: ['All'] }),
    );
    sqs.destroy();
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toMatchObject({ maxReceiveCount: 7 });
    const mappings = engine.resources.byType('AWS::Lambda::EventSourceMapping').map(({ properties }) => properties);
    expect(mappings).toContainEqual(
      expect.objectContaining({ BatchSize: 2, ScalingConfig: { MaximumConcurrency: 3 } }),
    );
  });

  it('has functions that start from their bundles and keep within their roles', async () => {
    const watch = engine.physicalName('Watch/Function');
    expect(await engine.invoke(watch, {})).toMatchObject({ kind: 'answered' });
    expect(engine.outsideRole.calls).toEqual([]);
  });
});

it('a synthesis that fails says what the app said', async () => {
  const outDir = mkdtempSync(join(tmpdir(), 'engine-'));
  await expect(synthesise({ stage: 'nowhere', outDir })).rejects.toThrow(/could not be synthesised[\s\S]*nowhere/);
  rmSync(outDir, { recursive: true, force: true });
});
