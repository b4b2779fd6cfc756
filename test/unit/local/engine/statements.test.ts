import { describe, expect, it } from 'vitest';
import { shortened } from '../../../../local/engine/role-observer.ts';
import { evaluate, policyDocument, statementsOf } from '../../../../local/engine/statements.ts';

const statements = (...Statement: object[]) => statementsOf(policyDocument.parse({ Version: '2012-10-17', Statement }));
const inbox = 'arn:aws:s3:::drops/inbox/RX1/a.pdf';

describe('what a role allows', () => {
  it.each([
    ['the action and resource named', { Action: 's3:GetObject', Resource: inbox }, true],
    ['wildcards in both', { Action: ['s3:Get*'], Resource: ['arn:aws:s3:::drops/inbox/*'] }, true],
    ['an action without regard to case', { Action: 'S3:getobject', Resource: '*' }, true],
    [
      'one character for a question mark',
      { Action: 's3:GetObject', Resource: 'arn:aws:s3:::drops/inbox/RX?/a.pdf' },
      true,
    ],
    ['not another action', { Action: 's3:PutObject', Resource: '*' }, false],
    ['not a longer prefix', { Action: 's3:GetObject', Resource: 'arn:aws:s3:::drops/inbox/RX10/*' }, false],
    ['not a resource of other case', { Action: 's3:GetObject', Resource: inbox.toUpperCase() }, false],
    ['a dot only for a dot', { Action: 's3:GetObject', Resource: 'arn:aws:s3:::drops/inbox/RX1/a?pdf' }, true],
    ['everything but NotAction', { NotAction: 's3:Delete*', Resource: '*' }, true],
    ['not what NotAction names', { NotAction: 's3:Get*', Resource: '*' }, false],
    ['everything but NotResource', { Action: 's3:*', NotResource: 'arn:aws:s3:::archive/*' }, true],
  ])('%s', (_, statement, allowed) => {
    const rules = statements({ Effect: 'Allow', ...statement });
    expect(evaluate(rules, 's3:GetObject', inbox).allowed).toBe(allowed);
  });

  it('lets a Deny win over any Allow', () => {
    const rules = statements(
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:GetObject', Resource: 'arn:aws:s3:::drops/inbox/*' },
    );
    expect(evaluate(rules, 's3:GetObject', inbox).allowed).toBe(false);
    expect(evaluate(rules, 's3:PutObject', inbox).allowed).toBe(true);
  });

  it('gives the benefit of the doubt where a condition is not evaluated, and says which', () => {
    const listing = statements({
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: '*',
      Condition: { StringLikeIfExists: { 's3:prefix': 'inbox/*' } },
    });
    expect(evaluate(listing, 's3:ListBucket', 'arn:aws:s3:::drops')).toEqual({
      allowed: true,
      unevaluated: ['s3:prefix'],
    });
    const insecure = statements(
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: '*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    );
    expect(evaluate(insecure, 's3:GetObject', inbox)).toEqual({
      allowed: true,
      unevaluated: ['aws:SecureTransport'],
    });
  });

  it('reads a document with one statement that is no list', () => {
    const rules = statementsOf(
      policyDocument.parse({ Statement: { Effect: 'Allow', Action: 'sqs:*', Resource: '*' } }),
    );
    expect(evaluate(rules, 'sqs:SendMessage', 'arn:aws:sqs:eu-west-2:1:q').allowed).toBe(true);
  });
});

describe('what is written down of a call outside a role', () => {
  it.each([
    ['arn:aws:s3:::drops/inbox/RX1/9000000009.pdf', 'arn:aws:s3:::drops/inbox/RX1/…'],
    ['arn:aws:s3:::messages/messages/id/1/envelope.json', 'arn:aws:s3:::messages/messages/id/…'],
    ['arn:aws:s3:::drops/9000000009.pdf', 'arn:aws:s3:::drops/…'],
    ['arn:aws:s3:::drops', 'arn:aws:s3:::drops'],
    ['arn:aws:dynamodb:eu-west-2:1:table/documents', 'arn:aws:dynamodb:eu-west-2:1:table/documents'],
  ])('keeps no name of an object: %s', (resource, expected) => {
    expect(shortened(resource)).toBe(expected);
  });
});
