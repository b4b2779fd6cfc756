import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { synthesise } from './support.ts';

const system = synthesise();
const queues = system.of('AWS::SQS::Queue');
const redrive = z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() });
const mappings = system.of('AWS::Lambda::EventSourceMapping').map(({ properties }) =>
  z
    .object({
      EventSourceArn: z.string(),
      FunctionName: z.string(),
      BatchSize: z.number(),
      ScalingConfig: z.object({ MaximumConcurrency: z.number() }),
      FunctionResponseTypes: z.array(z.string()),
    })
    .parse(properties),
);
const read = queues.filter((queue) => mappings.some(({ EventSourceArn }) => EventSourceArn === system.arn(queue)));
const functionOf = (queueArn: string) => {
  const mapping = mappings.find(({ EventSourceArn }) => EventSourceArn === queueArn);
  const found = system.of('AWS::Lambda::Function').find((each) => system.ref(each) === mapping?.FunctionName);
  if (!mapping || !found) throw new Error(`nothing reads ${queueArn}`);
  return { mapping, timeout: z.number().parse(found.properties.Timeout), name: String(found.properties.FunctionName) };
};

describe('queues', () => {
  it('are three that functions read: ingest, outbox, poll', () => {
    expect(read.map((queue) => functionOf(system.arn(queue)).name).sort()).toEqual([
      'send-document-local-compose',
      'send-document-local-poll',
      'send-document-local-send',
    ]);
  });

  it.each(queues.map((queue) => [queue.id, queue] as const))('%s keeps messages for 14 days', (_, queue) => {
    expect(queue.properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  it.each(read.map((queue) => [queue.id, queue] as const))('%s has a dead-letter queue of its own kind', (_, queue) => {
    const { deadLetterTargetArn } = redrive.parse(queue.properties.RedrivePolicy);
    const deadLetters = queues.find((each) => system.arn(each) === deadLetterTargetArn);
    expect(deadLetters).toBeDefined();
    expect(read).not.toContain(deadLetters);
    expect(deadLetters?.properties.FifoQueue).toBe(queue.properties.FifoQueue);
    expect(deadLetters?.properties.RedrivePolicy).toBeUndefined();
  });

  it('that nothing reads are dead-letter queues, of a queue or of a rule', () => {
    const targets = [
      ...read.map((queue) => redrive.parse(queue.properties.RedrivePolicy).deadLetterTargetArn),
      ...system
        .of('AWS::Events::Rule')
        .flatMap(({ properties }) =>
          z.array(z.object({ DeadLetterConfig: z.object({ Arn: z.string() }).optional() })).parse(properties.Targets),
        )
        .flatMap(({ DeadLetterConfig }) => DeadLetterConfig?.Arn ?? []),
    ];
    expect(
      queues
        .filter((queue) => !read.includes(queue))
        .map(system.arn)
        .sort(),
    ).toEqual(targets.sort());
  });

  it.each(read.map((queue) => [queue.id, queue] as const))(
    '%s hides a message for six times the timeout of its function; one that keeps an order hardly longer than it lives',
    (_, queue) => {
      const { timeout } = functionOf(system.arn(queue));
      const { VisibilityTimeout, FifoQueue } = queue.properties;
      expect(VisibilityTimeout).toBe(FifoQueue ? timeout + 60 : 6 * timeout);
    },
  );

  it.each(mappings.map((mapping) => [mapping.FunctionName, mapping] as const))(
    '%s answers for each message of a batch',
    (_, mapping) => {
      expect(mapping.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    },
  );

  it('give up far beyond what honest retries reach, because the record decides', () => {
    const counts = Object.fromEntries(
      read.map((queue) => [
        functionOf(system.arn(queue)).name.split('-').at(-1),
        redrive.parse(queue.properties.RedrivePolicy).maxReceiveCount,
      ]),
    );
    expect(counts).toEqual({ compose: 50, send: 200, poll: 10 });
  });

  it('for polling is first-in first-out and taken one by one', () => {
    const [poll, ...others] = read.filter((queue) => queue.properties.FifoQueue === true);
    expect(others).toEqual([]);
    expect(functionOf(system.arn(poll ?? raise())).mapping).toMatchObject({
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 5 },
    });
  });

  it('and functions follow the stage settings', () => {
    const changed = synthesise({
      settings: { queues: { outbox: { batchSize: 7, maxConcurrency: 3, maxReceiveCount: 4 } } },
    });
    const outbox = changed.one('AWS::SQS::Queue', 'OutboxQueue');
    expect(redrive.parse(outbox.properties.RedrivePolicy).maxReceiveCount).toBe(4);
    expect(changed.one('AWS::Lambda::EventSourceMapping', 'SendFunction').properties).toMatchObject({
      BatchSize: 7,
      ScalingConfig: { MaximumConcurrency: 3 },
    });
    const ingest = changed.one('AWS::SQS::Queue', 'IngestQueue');
    expect(redrive.parse(ingest.properties.RedrivePolicy).maxReceiveCount).toBe(50);
  });

  it('are named in the outputs, with their dead-letter queues', () => {
    for (const name of ['IngestQueue', 'IngestDeadLetterQueue', 'IngestUndeliveredQueue', 'OutboxQueue', 'PollQueue']) {
      expect(z.url().parse(system.outputs[`${name}Url`])).toContain('sqs');
      expect(system.outputs[`${name}Arn`]).toMatch(/^arn:aws:sqs:/);
    }
  });
});

const raise = (): never => {
  throw new Error('there is no poll queue');
};
