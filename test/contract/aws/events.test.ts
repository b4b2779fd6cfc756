import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEventRouter, type EventRule } from '../../../local/aws/events/router.ts';
import { type SqsService, startSqs } from '../../../local/aws/sqs/service.ts';
import { virtualClock } from '../../../local/clock.ts';
import { ingestMessage } from '../../../shared/platform/queue-messages.ts';
import { storageEvent } from '../../unit/local/aws/events/event.ts';
import { present, settingOn } from './json-support.ts';
import { queueClient } from './sqs-support.ts';

const clock = virtualClock(Date.UTC(2031, 0, 1, 9));
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

describe('event routing into queues', () => {
  test('a drop reaches the ingest queue transformed, and the rule’s dead-letter queue where that is missing', async () => {
    const ingest = await sqs.create('ingest');
    const dead = await sqs.create('rule-dead');
    const ingestArn = await sqs.arn(ingest);
    const inputTransformer = {
      inputPathsMap: {
        bucket: '$.detail.bucket.name',
        key: '$.detail.object.key',
        version: '$.detail.object.version-id',
        sequencer: '$.detail.object.sequencer',
        size: '$.detail.object.size',
      },
      inputTemplate: '{"bucket":<bucket>,"key":<key>,"versionId":<version>,"sequencer":<sequencer>,"size":<size>}',
    };
    const rule = (arn: string): EventRule => ({
      name: 'drops',
      state: 'ENABLED',
      pattern: { source: ['aws.s3'], detail: { object: { key: [{ prefix: 'inbox/' }] } } },
      targets: [{ id: 'queue', arn, inputTransformer, deadLetterArn: deadArn, sqsMessageGroupId: 'RX1' }],
    });
    const deadArn = await sqs.arn(dead);
    const rules = [rule(ingestArn)];
    const router = createEventRouter({
      rules,
      clock,
      deliver: service.deliver,
      deadLetter: (arn, body, attributes) => service.deliver(arn, body, { attributes }),
    });

    await router.route(storageEvent('inbox/RX1/a.pdf'));
    await router.route(storageEvent('receipts/RX1/a.json'));
    const [message, ...others] = await sqs.take(ingest, { MessageSystemAttributeNames: ['All'] });
    expect(ingestMessage.parse(JSON.parse(present(message?.Body)))).toMatchObject({
      key: 'inbox/RX1/a.pdf',
      size: 1024,
    });
    expect(message?.Attributes?.MessageGroupId).toBe('RX1');
    expect(others).toEqual([]);

    rules.splice(0, 1, rule(`${ingestArn}-nowhere`));
    await router.route(storageEvent('inbox/RX1/b.pdf'));
    const [lost] = await sqs.take(dead, { MessageAttributeNames: ['All'] });
    expect(JSON.parse(present(lost?.Body))).toEqual(storageEvent('inbox/RX1/b.pdf'));
    expect(lost?.MessageAttributes).toMatchObject({
      RULE_ARN: { StringValue: 'arn:aws:events:eu-west-2:000000000000:rule/drops' },
      TARGET_ARN: { StringValue: `${ingestArn}-nowhere` },
      ERROR_CODE: { StringValue: 'NO_RESOURCE' },
    });
  });
});
