import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { digestFile } from '../../shared/notices/digest-words.ts';
import { operators } from '../../shared/notices/pending.ts';
import { operatorItems } from '../../shared/platform/names.ts';
import { allows, type Statement, statementsOf } from './policies.ts';
import { synthesise } from './support.ts';

/** What people may do who run the operators' commands: policies to be attached to the account's own roles. */

const system = synthesise();
const names = ['Reader', 'MessageReader', 'Operator'] as const;
type Name = (typeof names)[number];
const policies = Object.fromEntries(
  names.map((name) => [name, system.one('AWS::IAM::ManagedPolicy', name)] as const),
) as Record<Name, ReturnType<typeof system.one>>;
const granted = Object.fromEntries(
  names.map((name) => [name, statementsOf(policies[name].properties.PolicyDocument)] as const),
) as Record<Name, readonly Statement[]>;
const who = (action: string, resource: string): Name[] =>
  names.filter((name) => allows(granted[name], action, resource));

const bucketArn = (id: string) => system.arn(system.one('AWS::S3::Bucket', id));
const archive = bucketArn('Archive');
const table = system.arn(system.one('AWS::DynamoDB::Table', 'Table'));
const document = '5b0a979d-0000-5000-8000-000000000000';

describe('policies for people', () => {
  it('have names that permission sets can go by, and are nobody’s by a deployment', () => {
    expect(names.map((name) => policies[name].properties.ManagedPolicyName)).toEqual([
      'send-document-local-reader',
      'send-document-local-message-reader',
      'send-document-local-operator',
    ]);
    for (const { properties } of Object.values(policies)) {
      expect([properties.Roles, properties.Users, properties.Groups]).toEqual([undefined, undefined, undefined]);
    }
  });

  it.each(names)('%s: names every action, and ends each wildcard at a prefix of ours', (name) => {
    for (const { Effect, Action, Resource } of granted[name]) {
      expect(Effect).toBe('Allow');
      expect(Action.filter((action) => action.includes('*'))).toEqual([]);
      expect(Resource.filter((resource) => !/^arn:aws:[a-z0-9]+:[^*]+(\*)?$/.test(resource))).toEqual([]);
    }
  });

  it('let readers read entries and views, and write nothing but that they looked', () => {
    for (const key of [`audit/${document}/000001-submitted`, `views/${document}/t/000001-viewed`]) {
      expect(who('s3:GetObject', `${archive}/${key}`)).toEqual(['Reader']);
    }
    expect(who('s3:PutObject', `${archive}/views/${document}/t/000001-viewed`)).toEqual(['Reader']);
    expect(who('s3:PutObject', `${archive}/audit/${document}/000001-submitted`)).toEqual([]);
    expect(who('dynamodb:GetItem', table)).toEqual(['Reader']);
  });

  it('let messages, with their PDFs, be read by message readers alone; a reader may see that they are there', () => {
    for (const key of [`sent/${document}/1/0002-message-part-1`, 'received/RX1OT001/20260318_AB/0002-body']) {
      expect(who('s3:GetObject', `${archive}/${key}`)).toEqual(['MessageReader']);
    }
    const list = granted.Reader.find(({ Action }) => Action.includes('s3:ListBucket'));
    expect(list?.Resource).toEqual([archive]);
    expect(list?.Condition).toEqual({
      StringLikeIfExists: { 's3:prefix': ['audit/*', 'views/*', 'sent/*', 'received/*'] },
    });
    for (const bucket of ['Drops', 'Messages'].map(bucketArn)) {
      expect(who('s3:GetObject', `${bucket}/inbox/RX1/a.pdf`)).toEqual([]);
      expect(who('s3:ListBucket', bucket)).toEqual([]);
    }
  });

  it('let readers read the digest of all organisations, and no organisation’s own receipts and tables', () => {
    const drops = bucketArn('Drops');
    const readers = (name: string) => who('s3:GetObject', `${drops}/receipts/${name}`);
    expect(readers(`${digestFile(operators, '2026-11-30')}.csv`)).toEqual(['Reader']);
    for (const name of [`${digestFile('RX1', '2026-11-30')}.csv`, 'RX1/report-1.json'])
      expect(readers(name)).toEqual([]);
  });

  it('let readers see who is told, and whether anybody can end that', () => {
    const notices = system.arn(system.one('AWS::SNS::Topic', 'Notices'));
    expect(who('sns:ListSubscriptionsByTopic', notices)).toEqual(['Reader']);
    expect(who('sns:GetSubscriptionAttributes', `${notices}:1`)).toEqual(['Reader']);
    expect(who('sns:SetSubscriptionAttributes', `${notices}:1`)).toEqual(['Operator']);
  });

  it.each([
    's3:DeleteObject',
    's3:DeleteObjectVersion',
    's3:BypassGovernanceRetention',
    's3:PutObjectRetention',
    's3:PutObjectLegalHold',
  ])('let nobody do %s', (action) => {
    expect(who(action, `${archive}/audit/${document}/000001-submitted`)).toEqual([]);
  });

  it('let operators write the items that their commands write, and delete none', () => {
    expect(who('dynamodb:PutItem', table)).toEqual(['Operator']);
    const put = granted.Operator.find(({ Action }) => Action.includes('dynamodb:PutItem'));
    expect(put?.Condition).toEqual({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...operatorItems] } });
    for (const action of ['dynamodb:DeleteItem', 'dynamodb:UpdateItem', 'dynamodb:Scan', 'dynamodb:BatchWriteItem']) {
      expect(who(action, table)).toEqual([]);
    }
  });

  it('let operators hand dead messages back, and touch none that lives', () => {
    const queues = system
      .of('AWS::SQS::Queue')
      .filter(({ id }) => /^(Ingest|Outbox|PollQueue)(?!Undelivered)/.test(id));
    expect(queues).toHaveLength(6);
    for (const { id } of queues.filter((one) => one.id.includes('DeadLetters'))) {
      const [name = ''] = id.split('DeadLetters');
      const living = queues.find((one) => one.id.startsWith(name) && !one.id.includes('DeadLetters'));
      const [queue, dead] = [living, queues.find((one) => one.id === id)].map((one) => one && system.arn(one)) as [
        string,
        string,
      ];
      expect(who('sqs:SendMessage', queue)).toEqual(['Operator']);
      expect(who('sqs:DeleteMessage', dead)).toEqual(['Operator']);
      for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:PurgeQueue'])
        expect(who(action, queue)).toEqual([]);
    }
  });

  it('let operators subscribe people to notices, and publish nothing', () => {
    const notices = system.arn(system.one('AWS::SNS::Topic', 'Notices'));
    expect(who('sns:Subscribe', notices)).toEqual(['Operator']);
    expect(who('sns:Unsubscribe', `${notices}:1`)).toEqual(['Operator']);
    expect(who('sns:Publish', notices)).toEqual([]);
    expect(who('sns:Subscribe', system.arn(system.one('AWS::SNS::Topic', 'EventsTopic')))).toEqual([]);
  });

  it('let nobody read a secret, and use the data key only by way of the services at hand', () => {
    const key = system.arn(system.one('AWS::KMS::Key', 'DataKey'));
    for (const name of names) {
      for (const { Action, Resource, Condition } of granted[name]) {
        expect(Action.filter((action) => /^(secretsmanager|iam|lambda):/.test(action))).toEqual([]);
        if (!Resource.includes(key)) continue;
        const services = z.array(z.string()).parse([Condition.StringEquals?.['kms:ViaService']].flat());
        expect(services.filter((service) => !/^(s3|dynamodb)\./.test(service))).toEqual([]);
      }
    }
  });
});
