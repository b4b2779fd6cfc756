import { describe, expect, it } from 'vitest';
import { documentKey, senderKey, submissionKey } from '../../shared/delivery/keys.ts';
import { bySenderIndex, secretRoot, workIndex } from '../../shared/platform/names.ts';
import { allows, type Statement, statementsOfRole } from './policies.ts';
import { account, synthesise } from './support.ts';

const system = synthesise();
const granted = {
  api: statementsOfRole(system, system.one('AWS::IAM::Role', 'ApiRole')),
  authorise: statementsOfRole(system, system.one('AWS::IAM::Role', 'AuthoriseRole')),
} as const satisfies Record<string, readonly Statement[]>;
const drops = system.arn(system.one('AWS::S3::Bucket', 'Drops'));
const messages = system.arn(system.one('AWS::S3::Bucket', 'Messages'));
const archive = system.arn(system.one('AWS::S3::Bucket', 'Archive'));
const table = system.arn(system.one('AWS::DynamoDB::Table', 'Table'));
const may = (action: string, resource: string) => allows(granted.api, action, resource);

describe('the API', () => {
  it.each([
    ['s3:PutObject', `${drops}/inbox/RX1/api-5b0a979d-1a2b3c4d.pdf`],
    ['s3:PutObject', `${drops}/inbox/RX1/api-5b0a979d-1a2b3c4d.json`],
    ['s3:GetObject', `${drops}/inbox/RX1/api-5b0a979d-1a2b3c4d.json`],
    ['s3:PutObject', `${drops}/uploads/RX1/1.pdf`],
    ['s3:GetObject', `${drops}/uploads/RX1/1.pdf`],
    ['s3:GetObject', `${messages}/messages/5b0a979d/1/manifest.json`],
    ['s3:PutObject', `${archive}/views/5b0a979d/now/000001-viewed`],
    ['s3:ListBucket', drops],
    ['dynamodb:GetItem', table],
    ['dynamodb:Query', `${table}/index/${bySenderIndex}`],
  ])('may %s on %s', (action, resource) => {
    expect(may(action, resource)).toBe(true);
  });

  it.each([
    ['s3:PutObject', `${drops}/inbox/RX1/letter.pdf`],
    ['s3:GetObject', `${drops}/inbox/RX1/letter.json`],
    ['s3:GetObject', `${drops}/inbox/RX1/api-5b0a979d-1a2b3c4d.pdf`],
    ['s3:DeleteObject', `${drops}/inbox/RX1/api-5b0a979d-1a2b3c4d.pdf`],
    ['s3:DeleteObject', `${drops}/uploads/RX1/1.pdf`],
    ['s3:GetObject', `${drops}/receipts/RX1/letter.json`],
    ['s3:PutObject', `${drops}/receipts/RX1/letter.json`],
    ['s3:GetObject', `${messages}/messages/5b0a979d/1/envelope.json`],
    ['s3:GetObject', `${messages}/messages/5b0a979d/1/part-1`],
    ['s3:PutObject', `${messages}/messages/5b0a979d/1/manifest.json`],
    ['s3:PutObject', `${archive}/audit/5b0a979d/000001-changed`],
    ['s3:GetObject', `${archive}/views/5b0a979d/now/000001-viewed`],
    ['s3:GetObject', `${archive}/sent/5b0a979d/1/0001-part`],
    ['s3:PutObject', `${archive}/sent/5b0a979d/1/0001-part`],
    ['dynamodb:DeleteItem', table],
    ['dynamodb:Scan', table],
    ['dynamodb:Query', table],
    ['dynamodb:Query', `${table}/index/${workIndex}`],
    [
      'secretsmanager:GetSecretValue',
      `arn:aws:secretsmanager:eu-west-2:${account}:secret:${secretRoot('local')}/environment`,
    ],
  ])('may not %s on %s', (action, resource) => {
    expect(may(action, resource)).toBe(false);
  });

  it('reads records, submissions and senders, and no mailbox, client or drop', () => {
    const reading = granted.api.filter(({ Action }) => Action.includes('dynamodb:GetItem'));
    const kinds = [documentKey('*'), submissionKey('*'), senderKey('*'), 'STATUS#*'];
    expect(reading.map(({ Condition }) => Condition)).toEqual([
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds } },
    ]);
  });

  it('writes no item but what it has taken, so no record, sender or client', () => {
    const writing = granted.api.filter(({ Action }) => Action.includes('dynamodb:PutItem'));
    expect(writing.map(({ Condition }) => Condition)).toEqual([
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['SUBMISSION#*'] } },
    ]);
  });

  it('sends to no queue', () => {
    const services = new Set(granted.api.flatMap(({ Action }) => Action.map((action) => action.split(':')[0])));
    expect([...services].sort()).toEqual(['dynamodb', 'kms', 'logs', 's3']);
  });
});

describe('the authoriser', () => {
  it('reads registered clients, and can do nothing else', () => {
    const dataKey = system.arn(system.one('AWS::KMS::Key', 'DataKey'));
    const others = granted.authorise.filter(({ Action }) => !Action.includes('logs:PutLogEvents'));
    expect(others.map(({ Action, Resource, Condition }) => [Action[0]?.split(':')[0], Resource, Condition])).toEqual([
      ['dynamodb', [table], { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['CLIENT#*'] } }],
      ['kms', [dataKey], { StringEquals: { 'kms:ViaService': ['dynamodb.eu-west-2.amazonaws.com'] } }],
    ]);
    expect(others[0]?.Action).toEqual(['dynamodb:GetItem']);
  });
});

it('no role of the API holds a managed policy', () => {
  for (const { properties } of system.of('AWS::IAM::Role').filter(({ stack }) => stack === 'api')) {
    expect(properties.ManagedPolicyArns).toBeUndefined();
  }
});
