import { describe, expect, it } from 'vitest';
import { parkedKey } from '../../shared/delivery/keys.ts';
import {
  attentionIndex,
  byMailboxIndex,
  bySenderIndex,
  secretRoot,
  unsentIndex,
  workIndex,
} from '../../shared/platform/names.ts';
import { allows, type Statement, statementsOfRole } from './policies.ts';
import { account, synthesise } from './support.ts';

const system = synthesise();
const names = ['Compose', 'Send', 'Poll', 'Watch'] as const;
type Name = (typeof names)[number];

const granted = Object.fromEntries(
  names.map((name) => [name, statementsOfRole(system, system.one('AWS::IAM::Role', `${name}Role`))] as const),
) as Record<Name, readonly Statement[]>;

const bucketArn = (id: string) => system.arn(system.one('AWS::S3::Bucket', id));
const queueArn = (id: string) => system.arn(system.one('AWS::SQS::Queue', id));
const drops = bucketArn('Drops');
const messages = bucketArn('Messages');
const archive = bucketArn('Archive');
const table = system.arn(system.one('AWS::DynamoDB::Table', 'Table'));
const secret = (name: string) => `arn:aws:secretsmanager:eu-west-2:${account}:secret:${name}`;

/** Which functions may do it. */
const who = (action: string, resource: string): Name[] =>
  names.filter((name) => allows(granted[name], action, resource));

describe('function roles', () => {
  it('hold no managed policy and nothing inline but what is granted here', () => {
    for (const { properties } of system.of('AWS::IAM::Role')) {
      expect(properties.ManagedPolicyArns).toBeUndefined();
      expect(properties.Policies).toBeUndefined();
    }
  });

  it.each(names)('of %s name every action, and no resource is a bare wildcard', (name) => {
    expect(granted[name].length).toBeGreaterThan(3);
    for (const { Action, Resource } of granted[name]) {
      expect(Action.filter((action) => action.includes('*'))).toEqual([]);
      expect(Resource.filter((resource) => !/^arn:aws:[a-z0-9]+:[^*]+(\*)?$/.test(resource))).toEqual([]);
    }
  });

  it('let each write its own log group alone', () => {
    for (const name of names) {
      const own = system.arn(system.one('AWS::Logs::LogGroup', `${name}Logs`));
      expect(who('logs:PutLogEvents', own)).toEqual([name]);
    }
  });

  it('let only compose, and watch after it, read and take what lies in the inbox', () => {
    expect(who('s3:GetObject', `${drops}/inbox/RX1/a.pdf`)).toEqual(['Compose', 'Watch']);
    expect(who('s3:GetObjectVersion', `${drops}/inbox/RX1/a.pdf`)).toEqual(['Compose']);
    expect(who('s3:DeleteObject', `${drops}/inbox/RX1/a.pdf`)).toEqual(['Compose', 'Watch']);
    expect(who('s3:DeleteObjectVersion', `${drops}/inbox/RX1/a.pdf`)).toEqual([]);
    expect(who('s3:PutObject', `${drops}/inbox/RX1/a.pdf`)).toEqual([]);
    expect(who('s3:ListBucket', drops)).toEqual([...names]);
  });

  it('let all write receipts over the version they read, and none delete one', () => {
    expect(who('s3:PutObject', `${drops}/receipts/RX1/a.json`)).toEqual([...names]);
    expect(who('s3:GetObject', `${drops}/receipts/RX1/a.json`)).toEqual([...names]);
    expect(who('s3:DeleteObject', `${drops}/receipts/RX1/a.json`)).toEqual([]);
  });

  it('let compose alone write messages, and all read them', () => {
    expect(who('s3:PutObject', `${messages}/messages/1/1/parts/1`)).toEqual(['Compose']);
    expect(who('s3:GetObject', `${messages}/messages/1/1/parts/1`)).toEqual([...names]);
    expect(who('s3:DeleteObject', `${messages}/messages/1/1/parts/1`)).toEqual([]);
  });

  it('let compose write what was done into the archive and nothing else, and let nobody read or delete there or touch its lock', () => {
    expect(who('s3:PutObject', `${archive}/1/0001-sent`)).toEqual(['Send', 'Poll', 'Watch']);
    for (const action of [
      'GetObject',
      'DeleteObject',
      'DeleteObjectVersion',
      'BypassGovernanceRetention',
      'PutObjectRetention',
    ]) {
      expect(who(`s3:${action}`, `${archive}/1/0001-sent`)).toEqual([]);
    }
    expect(who('s3:PutObject', `${archive}/audit/1/000001-composed`)).toEqual([...names]);
    const ofCompose = granted.Compose.filter(({ Resource }) => Resource.some((each) => each.startsWith(archive)));
    expect(ofCompose.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['s3:PutObject'], [`${archive}/audit/*`]],
    ]);
  });

  it('let all read and write records, and none delete one or look through them all', () => {
    for (const action of ['GetItem', 'PutItem']) expect(who(`dynamodb:${action}`, table)).toEqual([...names]);
    for (const action of ['Scan', 'DeleteTable', 'UpdateTable']) expect(who(`dynamodb:${action}`, table)).toEqual([]);
  });

  it('let them delete a parked report and an unfinished upload that were dealt with, and no other item', () => {
    const deleting = names.flatMap((name) =>
      granted[name].filter(({ Action }) => Action.includes('dynamodb:DeleteItem')).map(({ Condition }) => Condition),
    );
    const keys = { 'dynamodb:LeadingKeys': [parkedKey('*'), 'UPLOAD#*'] };
    expect(deleting).toEqual(names.map(() => ({ 'ForAllValues:StringLike': keys })));
  });

  it('let watch query the indexes of due work, of what is unsent, of what needs a person and of a sender’s documents, poll the lists of mailboxes, and no more', () => {
    for (const index of [workIndex, unsentIndex, attentionIndex, bySenderIndex]) {
      expect(who('dynamodb:Query', `${table}/index/${index}`)).toEqual(['Watch']);
    }
    expect(who('dynamodb:Query', `${table}/index/${byMailboxIndex}`)).toEqual(['Poll']);
    expect(who('dynamodb:Query', table)).toEqual([]);
  });

  it('keep MESH credentials from compose, and let nobody change them', () => {
    const root = secretRoot('local');
    for (const name of [`${root}/environment-AbCdEf`, `${root}/mailbox/X26OT001-AbCdEf`]) {
      expect(who('secretsmanager:GetSecretValue', secret(name))).toEqual(['Send', 'Poll', 'Watch']);
      expect(who('secretsmanager:PutSecretValue', secret(name))).toEqual([]);
    }
    expect(who('secretsmanager:GetSecretValue', secret('/send-document/production/mesh/environment-AbCdEf'))).toEqual(
      [],
    );
  });

  it('let no function send to the queue that invokes it', () => {
    expect(who('sqs:SendMessage', queueArn('IngestQueue'))).toEqual(['Watch']);
    expect(who('sqs:SendMessage', queueArn('OutboxQueue'))).toEqual(['Compose', 'Watch']);
    expect(who('sqs:SendMessage', queueArn('PollQueue7'))).toEqual(['Watch']);
    for (const mapping of system.of('AWS::Lambda::EventSourceMapping')) {
      const source = String(mapping.properties.EventSourceArn);
      const [reader, ...others] = who('sqs:ReceiveMessage', source);
      expect(others).toEqual([]);
      expect(who('sqs:DeleteMessage', source)).toEqual([reader]);
      expect(who('sqs:ChangeMessageVisibility', source)).toEqual([reader]);
      expect(who('sqs:SendMessage', source)).not.toContain(reader);
    }
  });

  it('let watch alone tell people, and see who has confirmed; nobody say who is told (GPCM-SD-094)', () => {
    const topic = system.arn(system.one('AWS::SNS::Topic', 'Notices'));
    expect(who('sns:Publish', topic)).toEqual(['Watch']);
    expect(who('sns:ListSubscriptionsByTopic', topic)).toEqual(['Watch']);
    for (const action of ['Subscribe', 'Unsubscribe', 'SetSubscriptionAttributes', 'SetTopicAttributes']) {
      expect(who(`sns:${action}`, topic)).toEqual([]);
    }
    expect(who('sns:Publish', system.arn(system.one('AWS::SNS::Topic', 'Alarms')))).toEqual([]);
  });

  it('let all use the key of queues and topics, and the data key only by way of the services they use', () => {
    const messagingKey = system.arn(system.one('AWS::KMS::Key', 'MessagingKey'));
    const dataKey = system.arn(system.one('AWS::KMS::Key', 'DataKey'));
    expect(who('kms:Decrypt', messagingKey)).toEqual([...names]);
    expect(who('kms:GenerateDataKey', messagingKey)).toEqual([...names]);
    const services = (name: Name) =>
      granted[name].filter(({ Resource }) => Resource.includes(dataKey)).map(({ Condition }) => Condition);
    const via = (...list: string[]) => [
      { StringEquals: { 'kms:ViaService': list.map((service) => `${service}.eu-west-2.amazonaws.com`) } },
    ];
    expect(services('Compose')).toEqual(via('s3', 'dynamodb'));
    for (const name of ['Send', 'Poll', 'Watch'] as const) {
      expect(services(name)).toEqual(via('s3', 'dynamodb', 'secretsmanager'));
    }
  });
});

describe('organisation roles', () => {
  const theirs = 'arn:aws:iam::444455556666:role/their-system';
  const others = 'arn:aws:iam::777788889999:role/other-system';
  const withSenders = synthesise({
    settings: {
      senders: [
        { odsCode: 'RX1', principalArns: [theirs] },
        { odsCode: 'RX10', principalArns: [others] },
      ],
    },
  });
  const role = (ods: string) => withSenders.one('AWS::IAM::Role', `Sender${ods}Role`);
  const rx1 = statementsOfRole(withSenders, role('RX1'));

  it('are not there where no organisation may drop', () => {
    expect(system.of('AWS::IAM::Role').filter(({ id }) => id.startsWith('Sender'))).toEqual([]);
  });

  it('let RX1 write its drops and read its receipts', () => {
    expect(allows(rx1, 's3:PutObject', `${drops}/inbox/RX1/letter.pdf`)).toBe(true);
    expect(allows(rx1, 's3:GetObject', `${drops}/receipts/RX1/letter.json`)).toBe(true);
  });

  it.each([
    ['s3:PutObject', '/inbox/RX10/letter.pdf'],
    ['s3:PutObject', '/inbox/RX1'],
    ['s3:PutObject', '/inbox/letter.pdf'],
    ['s3:PutObject', '/receipts/RX1/letter.json'],
    ['s3:GetObject', '/receipts/RX10/letter.json'],
    ['s3:GetObject', '/inbox/RX1/letter.pdf'],
    ['s3:DeleteObject', '/inbox/RX1/letter.pdf'],
    ['s3:DeleteObject', '/receipts/RX1/letter.json'],
    ['s3:PutBucketPolicy', ''],
    ['s3:ListBucketVersions', ''],
  ])('keep RX1 from %s on %s', (action, path) => {
    expect(allows(rx1, action, `${drops}${path}`)).toBe(false);
  });

  it('let RX1 list its own two prefixes and nothing else', () => {
    const listing = rx1.filter(({ Action }) => Action.includes('s3:ListBucket'));
    expect(listing.map(({ Condition, Resource }) => [Resource, Condition])).toEqual([
      [[drops], { StringLike: { 's3:prefix': ['inbox/RX1/*', 'receipts/RX1/*'] } }],
    ]);
  });

  it('let RX1 use the data key for the drops bucket alone, and reach no other service', () => {
    const services = new Set(rx1.flatMap(({ Action }) => Action.map((action) => action.split(':')[0])));
    expect([...services].sort()).toEqual(['kms', 's3']);
    expect(rx1.filter(({ Action }) => Action.includes('kms:Decrypt')).map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'kms:EncryptionContext:aws:s3:arn': drops } },
    ]);
    expect(rx1.flatMap(({ Resource }) => Resource).filter((each) => each.startsWith(messages))).toEqual([]);
  });

  it('are each assumed by their own organisation alone', () => {
    const trusted = (ods: string) => JSON.stringify(role(ods).properties.AssumeRolePolicyDocument);
    expect(trusted('RX1')).toContain(theirs);
    expect(trusted('RX1')).not.toContain(others);
    expect(trusted('RX10')).toContain(others);
    expect(trusted('RX10')).not.toContain(theirs);
  });
});
