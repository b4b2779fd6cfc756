import { describe, expect, test } from 'vitest';
import {
  createEventRouter,
  type EventRule,
  type RuleTarget,
  type TargetOptions,
} from '../../../../../local/aws/events/router.ts';
import { virtualClock } from '../../../../../local/clock.ts';
import { hours, seconds } from '../../../../../shared/platform/clock.ts';
import { storageEvent } from './event.ts';

const start = Date.UTC(2026, 10, 22, 10);
const event = storageEvent('inbox/RX1/a.pdf');
const queue = 'arn:aws:sqs:eu-west-2:000000000000:ingest';
const dead = 'arn:aws:sqs:eu-west-2:000000000000:rule-dead';
const origin = { region: 'eu-west-2', account: '000000000000' };

const rule = (target: Partial<RuleTarget>, change: Partial<EventRule> = {}): EventRule => ({
  name: 'drops',
  pattern: { source: ['aws.s3'] },
  state: 'ENABLED',
  targets: [{ id: 't', arn: queue, ...target }],
  ...change,
});

/** A router whose targets answer as told; what reached them is written down. */
const routed = (rules: EventRule[], answer: (attempt: number) => boolean = () => true) => {
  const clock = virtualClock(start);
  const delivered: { arn: string; input: string; options: TargetOptions; at: number }[] = [];
  const buried: { arn: string; event: string; attributes: Readonly<Record<string, string>> }[] = [];
  const router = createEventRouter({
    rules,
    clock,
    deliver: (arn, input, options) => {
      delivered.push({ arn, input, options, at: clock.now() });
      return answer(delivered.length);
    },
    deadLetter: (arn, body, attributes) => {
      buried.push({ arn, event: body, attributes });
      return true;
    },
  });
  return { router, clock, delivered, buried };
};

describe('event routing', () => {
  test('an event goes to every target of every enabled rule that it matches', async () => {
    const second = 'arn:aws:sqs:eu-west-2:000000000000:second';
    const { router, delivered } = routed([
      rule(
        {},
        {
          targets: [
            { id: '1', arn: queue },
            { id: '2', arn: second, sqsMessageGroupId: 'g' },
          ],
        },
      ),
      rule({}, { name: 'off', state: 'DISABLED' }),
      rule({}, { name: 'other', pattern: { source: ['aws.ec2'] } }),
      rule({}, { name: 'all', pattern: { account: ['000000000000'] } }),
    ]);
    const outcomes = await router.route(event);
    expect(outcomes.map((o) => [o.rule, o.result])).toEqual([
      ['drops', 'delivered'],
      ['drops', 'delivered'],
      ['all', 'delivered'],
    ]);
    expect(delivered.map((d) => d.arn)).toEqual([queue, second, queue]);
    expect(delivered.map((d) => d.options)).toEqual([{}, { groupId: 'g' }, {}]);
    expect(JSON.parse(delivered[0]?.input ?? '')).toEqual(event);
  });

  test('a target gets the event, a part of it, a fixed text or a transformed one', async () => {
    const { router, delivered } = routed([
      rule({ inputPath: '$.detail.object' }),
      rule({ input: '{"fixed":true}' }),
      rule({ inputTransformer: { inputPathsMap: { k: '$.detail.object.key' }, inputTemplate: '{"k":<k>}' } }),
    ]);
    await router.route(event);
    expect(JSON.parse(delivered[0]?.input ?? '')).toMatchObject({ key: 'inbox/RX1/a.pdf' });
    expect(delivered[1]?.input).toBe('{"fixed":true}');
    expect(delivered[2]?.input).toBe('{"k":"inbox/RX1/a.pdf"}');
  });

  test('what a missing target cannot take goes to the dead-letter queue at once, with the reason', async () => {
    const { router, delivered, buried } = routed([rule({ deadLetterArn: dead })], () => false);
    expect(await router.route(event)).toEqual([{ rule: 'drops', targetArn: queue, result: 'dead-lettered' }]);
    expect(delivered).toHaveLength(1);
    expect(buried).toHaveLength(1);
    expect(buried[0]?.arn).toBe(dead);
    expect(JSON.parse(buried[0]?.event ?? '')).toEqual(event);
    expect(buried[0]?.attributes).toMatchObject({
      RULE_ARN: 'arn:aws:events:eu-west-2:000000000000:rule/drops',
      TARGET_ARN: queue,
      ERROR_CODE: 'NO_RESOURCE',
      RETRY_ATTEMPTS: '0',
    });
  });

  test('without a dead-letter queue the event is lost, and the outcome says so', async () => {
    const { router } = routed([rule({})], () => false);
    expect(await router.route(event)).toEqual([{ rule: 'drops', targetArn: queue, result: 'lost' }]);
  });

  test('an input that did not come out as JSON is dead-lettered as INVALID_JSON and never delivered', async () => {
    const inputTransformer = { inputPathsMap: {}, inputTemplate: '{"k":<k>}' };
    const { router, delivered, buried } = routed([rule({ deadLetterArn: dead, inputTransformer })]);
    await router.route(event);
    expect(delivered).toEqual([]);
    expect(buried[0]?.attributes.ERROR_CODE).toBe('INVALID_JSON');
  });

  test('a target that fails for the moment is tried again, later each time', async () => {
    const { router, clock, delivered } = routed([rule({})], (attempt) => {
      if (attempt < 3) throw new Error('busy');
      return true;
    });
    const outcome = router.route(event);
    await clock.advance(seconds(10));
    expect(await outcome).toMatchObject([{ result: 'delivered' }]);
    expect(delivered.map((d) => (d.at - start) / 1000)).toEqual([0, 1, 3]);
  });

  test.each([
    { retry: { maximumAttempts: 2 }, tries: 3, condition: 'MaximumRetryAttempts' },
    { retry: { maximumAgeSeconds: 60 }, tries: 6, condition: 'MaximumEventAgeInSeconds' },
  ])('retries end by the target’s policy: $condition', async ({ retry, tries, condition }) => {
    const { router, clock, delivered, buried } = routed([rule({ deadLetterArn: dead, retry })], () => {
      throw new Error('busy');
    });
    const outcome = router.route(event);
    await clock.advance(hours(1));
    expect(await outcome).toMatchObject([{ result: 'dead-lettered' }]);
    expect(delivered).toHaveLength(tries);
    expect(buried[0]?.attributes).toMatchObject({
      ERROR_CODE: 'ERROR_FROM_TARGET',
      ERROR_MESSAGE: 'busy',
      RETRY_ATTEMPTS: String(tries - 1),
      EXHAUSTED_RETRY_CONDITION: condition,
    });
  });

  test('a rule that is added later takes the next event', async () => {
    const rules: EventRule[] = [];
    const { router, delivered } = routed(rules);
    await router.route(event);
    rules.push(rule({}));
    await router.route(event);
    expect(delivered).toHaveLength(1);
  });

  test('a scheduled rule fires a Scheduled Event at its targets unless it is disabled', async () => {
    const timed: EventRule = { name: 'minute', state: 'ENABLED', targets: [{ id: 't', arn: queue }] };
    const { router, delivered } = routed([timed, { ...timed, name: 'off', state: 'DISABLED' }]);
    expect(await router.fire('minute', origin)).toMatchObject([{ rule: 'minute', result: 'delivered' }]);
    expect(await router.fire('off', origin)).toEqual([]);
    expect(await router.route(event)).toEqual([]);
    expect(JSON.parse(delivered[0]?.input ?? '')).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      time: '2026-11-22T10:00:00Z',
      resources: ['arn:aws:events:eu-west-2:000000000000:rule/minute'],
      detail: {},
    });
  });
});
