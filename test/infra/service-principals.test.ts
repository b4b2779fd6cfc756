import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { admitted, type Statement, statementsOf } from './policies.ts';
import { account, type Resource, synthesise } from './support.ts';

/**
 * A service that may write to a queue or topic but not use its key loses what it writes, and nothing says so; no local
 * run can show it. So each encrypted queue and topic is held to what its writers need.
 */
const system = synthesise();
const messagingKey = system.one('AWS::KMS::Key', 'MessagingKey');
const keyPolicy = (key: Resource) => statementsOf(key.properties.KeyPolicy);
const ofThisAccount = { StringEquals: { 'aws:SourceAccount': account } };

const policyOfQueue = (queue: Resource): readonly Statement[] =>
  system
    .of('AWS::SQS::QueuePolicy')
    .filter(({ properties }) => z.array(z.string()).parse(properties.Queues).includes(system.ref(queue)))
    .flatMap(({ properties }) => statementsOf(properties.PolicyDocument));

/** Which service writes to which queue, from the rules. */
const writersOf = (queue: Resource): string[] => {
  const targets = system
    .of('AWS::Events::Rule')
    .flatMap(({ properties }) =>
      z
        .array(z.object({ Arn: z.string(), DeadLetterConfig: z.object({ Arn: z.string() }).optional() }))
        .parse(properties.Targets),
    );
  const reached = targets.flatMap(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig?.Arn]);
  return reached.includes(system.arn(queue)) ? ['events.amazonaws.com'] : [];
};

/** `kms:GenerateDataKey*` and the like count for the action they begin with. */
const lets = (statement: Statement, action: string): boolean =>
  statement.Action.some((each) => each === action || (each.endsWith('*') && action.startsWith(each.slice(0, -1))));

const keyAdmits = (service: string): Statement | undefined =>
  admitted(keyPolicy(messagingKey)).find(
    (each) =>
      each.service === service && lets(each.statement, 'kms:Decrypt') && lets(each.statement, 'kms:GenerateDataKey'),
  )?.statement;

describe('encrypted queues', () => {
  const queues = system.of('AWS::SQS::Queue');

  it.each(queues.map((queue) => [queue.id, queue] as const))(
    '%s is encrypted with the messaging key and takes TLS only',
    (_, queue) => {
      expect(queue.properties.KmsMasterKeyId).toBe(system.arn(messagingKey));
      expect(policyOfQueue(queue)).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    },
  );

  it.each(queues.map((queue) => [queue.id, queue] as const))(
    '%s lets in the services that write to it, under this account, and no other',
    (_, queue) => {
      const writers = admitted(policyOfQueue(queue));
      expect(writers.map(({ service }) => service)).toEqual(writersOf(queue));
      for (const { service, statement } of writers) {
        expect(lets(statement, 'sqs:SendMessage')).toBe(true);
        const rule = system.arn(system.one('AWS::Events::Rule', 'Dropped'));
        expect([ofThisAccount, { ArnEquals: { 'aws:SourceArn': rule } }]).toContainEqual(statement.Condition);
        expect(keyAdmits(service)?.Condition).toEqual(ofThisAccount);
      }
    },
  );

  it('that EventBridge writes to are the ingest queue and the one for what it could not deliver', () => {
    expect(
      queues.filter((queue) => writersOf(queue).length > 0).map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')),
    ).toEqual(['IngestQueue', 'IngestUndeliveredQueue']);
  });
});

describe('the alarm topic', () => {
  const topic = system.one('AWS::SNS::Topic', 'Alarms');
  const statements = statementsOf(system.one('AWS::SNS::TopicPolicy', 'Alarms').properties.PolicyDocument);

  it('is encrypted and takes TLS only', () => {
    expect(topic.properties.KmsMasterKeyId).toBe(system.arn(messagingKey));
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  it('lets this account’s alarms publish, and use the key it is encrypted with', () => {
    expect(
      admitted(statements).map(({ service, statement }) => [service, statement.Action, statement.Condition]),
    ).toEqual([['cloudwatch.amazonaws.com', ['sns:Publish'], ofThisAccount]]);
    expect(keyAdmits('cloudwatch.amazonaws.com')?.Condition).toEqual(ofThisAccount);
  });

  it('has a subscriber where the stage names one', () => {
    expect(system.of('AWS::SNS::Subscription')).toEqual([]);
    const changed = synthesise({ settings: { alarmEmail: 'on-call@example.org' } });
    const alarms = changed.arn(changed.one('AWS::SNS::Topic', 'Alarms'));
    const subscriptions = changed.of('AWS::SNS::Subscription').map(({ properties }) => properties);
    expect(subscriptions.filter(({ TopicArn }) => TopicArn === alarms)).toEqual([
      { Protocol: 'email', Endpoint: 'on-call@example.org', TopicArn: alarms },
    ]);
  });
});

describe('the topic of notices to people', () => {
  const topic = system.one('AWS::SNS::Topic', 'Notices');
  const statements = statementsOf(system.one('AWS::SNS::TopicPolicy', 'Notices').properties.PolicyDocument);

  it('is encrypted, takes TLS only, and lets no service publish: watch does, by its role (GPCM-SD-094)', () => {
    expect(topic.properties.KmsMasterKeyId).toBe(system.arn(messagingKey));
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    expect(admitted(statements)).toEqual([]);
  });

  it('outlives every deployment: with it the addresses that people confirmed would go', () => {
    expect(topic.deletionPolicy).toBe('Retain');
  });

  it('tells the operators what is theirs and nothing else, where the stage names an address', () => {
    const changed = synthesise({ settings: { alarmEmail: 'on-call@example.org' } });
    const notices = changed.arn(changed.one('AWS::SNS::Topic', 'Notices'));
    const subscriptions = changed.of('AWS::SNS::Subscription').map(({ properties }) => properties);
    expect(subscriptions.filter(({ TopicArn }) => TopicArn === notices)).toEqual([
      {
        Protocol: 'email',
        Endpoint: 'on-call@example.org',
        TopicArn: notices,
        FilterPolicy: { audience: ['operators'] },
      },
    ]);
  });
});

describe('the keys', () => {
  it('admit exactly the services that write: logs, alarms, EventBridge, topics to the messaging key, none to the data key', () => {
    const services = (key: Resource) => admitted(keyPolicy(key)).map(({ service }) => service);
    expect(services(messagingKey).sort()).toEqual([
      'cloudwatch.amazonaws.com',
      'events.amazonaws.com',
      'logs.eu-west-2.amazonaws.com',
      'sns.amazonaws.com',
    ]);
    expect(services(system.one('AWS::KMS::Key', 'DataKey'))).toEqual([]);
  });

  it('admit logs for the log groups of this account alone', () => {
    const logs = admitted(keyPolicy(messagingKey)).find(({ service }) => service.startsWith('logs.'));
    expect(logs?.statement.Condition).toEqual({
      ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:eu-west-2:${account}:log-group:*` },
    });
  });
});

describe('the access log bucket', () => {
  it('lets S3 deliver the logs of each bucket, from this account', () => {
    const { properties } = system.one('AWS::S3::BucketPolicy', 'AccessLogs');
    const logging = admitted(statementsOf(properties.PolicyDocument));
    expect(logging.map(({ service }) => service)).toEqual(Array(3).fill('logging.s3.amazonaws.com'));
    expect(logging.map(({ statement }) => statement.Condition)).toEqual(
      ['Drops', 'Messages', 'Archive'].map((id) => ({
        ...ofThisAccount,
        ArnLike: { 'aws:SourceArn': system.arn(system.one('AWS::S3::Bucket', id)) },
      })),
    );
  });
});
