import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../infra/config/stage-settings.ts';
import { stageSettingsOf } from '../../infra/config/stages.ts';
import { retryDelays } from '../../local/aws/sns/delivery-policy.ts';
import { admitted, allows, statementsOf, statementsOfRole } from './policies.ts';
import { account, synthesise } from './support.ts';

/** Who is told of each change of a document: by the stage's settings, each with its filter and its dead letters. */
const filter = { senders: ['RX1'], states: ['ACCEPTED', 'UNDELIVERED'], needsAttention: true };
const queueArn = `arn:aws:sqs:eu-west-2:${account}:their-queue`;
const eventSubscriptions = [
  { name: 'Ledger', protocol: 'sqs', queueArn, filter },
  { name: 'Portal', protocol: 'https', url: 'http://127.0.0.1:8080/events', filter: {} },
  { name: 'Office', protocol: 'email', address: 'office@example.org', filter: { needsAttention: false } },
];
const system = synthesise({ settings: { eventSubscriptions } });
const topic = system.one('AWS::SNS::Topic', 'EventsTopic');
const topicArn = system.arn(topic);
const deadLettersOf = (name: string) => system.one('AWS::SQS::Queue', `EventsUndelivered${name}Queue`);

describe('the topic of events', () => {
  it('is encrypted with the messaging key, takes TLS only and signs with SHA-256', () => {
    expect(topic.properties).toMatchObject({
      KmsMasterKeyId: system.arn(system.one('AWS::KMS::Key', 'MessagingKey')),
      SignatureVersion: '2',
    });
    const statements = statementsOf(system.one('AWS::SNS::TopicPolicy', 'EventsTopic').properties.PolicyDocument);
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  it('is published to by what changes documents, and by nothing else', () => {
    for (const [role, may] of Object.entries({ Compose: true, Send: true, Poll: true, Watch: true, Api: false })) {
      const statements = statementsOfRole(system, system.one('AWS::IAM::Role', `${role}Role`));
      expect(`${role} ${allows(statements, 'sns:Publish', topicArn)}`).toBe(`${role} ${may}`);
    }
  });

  it('has no subscriber where the stage names none', () => {
    const subscriptions = synthesise().of('AWS::SNS::Subscription');
    expect(subscriptions.filter(({ properties }) => properties.RedrivePolicy !== undefined)).toEqual([]);
  });
});

describe('a subscriber of events', () => {
  const subscriptions = system.of('AWS::SNS::Subscription').map(({ properties }) => properties);

  it('has its own filter and its own queue of what could not be delivered', () => {
    expect(subscriptions).toEqual([
      {
        TopicArn: topicArn,
        Protocol: 'sqs',
        Endpoint: queueArn,
        RawMessageDelivery: true,
        FilterPolicy: { senderOds: ['RX1'], state: ['ACCEPTED', 'UNDELIVERED'], needsAttention: ['true'] },
        RedrivePolicy: { deadLetterTargetArn: system.arn(deadLettersOf('Ledger')) },
      },
      {
        TopicArn: topicArn,
        Protocol: 'http',
        Endpoint: 'http://127.0.0.1:8080/events',
        DeliveryPolicy: expect.anything(),
        RedrivePolicy: { deadLetterTargetArn: system.arn(deadLettersOf('Portal')) },
      },
      {
        TopicArn: topicArn,
        Protocol: 'email',
        Endpoint: 'office@example.org',
        FilterPolicy: { needsAttention: ['false'] },
        RedrivePolicy: { deadLetterTargetArn: system.arn(deadLettersOf('Office')) },
      },
    ]);
  });

  it('that is a webhook may be down for three quarters of an hour, by a policy that SNS takes', () => {
    const webhook = subscriptions.find(({ Protocol }) => Protocol === 'http');
    const delays = retryDelays(JSON.stringify(webhook?.DeliveryPolicy)) ?? [];
    const total = delays.reduce((sum, delay) => sum + delay, 0);
    expect(total).toBeGreaterThan(2400);
    // However SNS counts the waits in between: an hour is its most.
    expect(5 * 5 + (delays.length - 5) * Math.max(...delays)).toBeLessThanOrEqual(3600);
  });

  it.each(['Ledger', 'Portal', 'Office'])(
    '%s: its dead letters are encrypted, and SNS may write them for this topic alone',
    (name) => {
      const queue = deadLettersOf(name);
      const key = system.one('AWS::KMS::Key', 'MessagingKey');
      expect(queue.properties.KmsMasterKeyId).toBe(system.arn(key));
      const policy = system
        .of('AWS::SQS::QueuePolicy')
        .find(({ properties }) => JSON.stringify(properties.Queues).includes(system.ref(queue)));
      const writers = admitted(statementsOf(policy?.properties.PolicyDocument));
      expect(writers.map(({ service, statement }) => [service, statement.Action, statement.Condition])).toEqual([
        [
          'sns.amazonaws.com',
          ['sqs:SendMessage'],
          { ArnEquals: { 'aws:SourceArn': topicArn }, StringEquals: { 'aws:SourceAccount': account } },
        ],
      ]);
      const sns = admitted(statementsOf(key.properties.KeyPolicy)).find(
        ({ service }) => service === 'sns.amazonaws.com',
      );
      expect(sns?.statement).toMatchObject({
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Condition: { StringEquals: { 'aws:SourceAccount': account } },
      });
    },
  );

  it('has an alarm on its dead letters, by its name', () => {
    const names = system.of('AWS::CloudWatch::Alarm').map(({ properties }) => properties.AlarmName);
    expect(names).toContain('send-document-local/Events-Ledger/DeadLetterQueueNotEmpty');
  });

  it.each([
    ['an unknown state', [{ ...eventSubscriptions[0], filter: { states: ['SENTT'] } }]],
    ['a name twice', [eventSubscriptions[0], eventSubscriptions[0]]],
    ['a webhook elsewhere, on the one machine', [{ name: 'Hook', protocol: 'https', url: 'https://example.org/hook' }]],
    ['a webhook without TLS', [{ name: 'Hook', protocol: 'https', url: 'http://example.org/hook' }]],
    ['a queue that keeps an order, which SNS does not', [{ ...eventSubscriptions[0], queueArn: `${queueArn}.fifo` }]],
  ])('is refused at synthesis with %s', (_, wrong) => {
    expect(() => stageSettingsOf('local', { eventSubscriptions: wrong })).toThrow('eventSubscriptions');
  });

  it('in a deployment is a webhook by https, and none of one machine', () => {
    const withHook = (url: string) =>
      stageSettings.safeParse({
        ...stageSettingsOf('integration'),
        eventSubscriptions: [{ name: 'Hook', protocol: 'https', url }],
      });
    expect(withHook('https://portal.example.org/events').success).toBe(true);
    expect(withHook('http://127.0.0.1:8080/events').success).toBe(false);
  });
});
