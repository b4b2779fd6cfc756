import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../local/aws/events/pattern.ts';
import { holds, referencesOf, resolve, type Scope } from '../../../../local/engine/intrinsics.ts';

const scope: Scope = {
  ref: (name) => ({ Queue: 'https://queue', 'AWS::Region': 'eu-west-2', Names: ['a', 'b'] })[name],
  attribute: (id, name) => (id === 'Queue' && name === 'Arn' ? 'arn:aws:sqs:eu-west-2:1:queue' : undefined),
  imported: (name) => (name === 'data:Table' ? 'the-table' : undefined),
  condition: (name): Json | undefined =>
    ({
      InLondon: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-2'] },
      Elsewhere: { 'Fn::Not': [{ Condition: 'InLondon' }] },
    })[name],
  mapping: (name, first, second) => (name === 'Sizes' && first === 'local' && second === 'batch' ? 5 : undefined),
};

describe('template functions', () => {
  it.each<[string, Json, Json]>([
    ['Ref to a resource', { Ref: 'Queue' }, 'https://queue'],
    ['Ref to a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-west-2'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:eu-west-2:1:queue'],
    ['GetAtt as dotted text', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:aws:sqs:eu-west-2:1:queue'],
    ['Join of resolved parts', { 'Fn::Join': ['/', ['a', { Ref: 'Queue' }, 3]] }, 'a/https://queue/3'],
    ['Join of a list that a function gives', { 'Fn::Join': ['-', { Ref: 'Names' }] }, 'a-b'],
    [
      'Sub with names, attributes and a literal',
      { 'Fn::Sub': `\${Queue}|\${Queue.Arn}|\${!Kept}` },
      `https://queue|arn:aws:sqs:eu-west-2:1:queue|\${Kept}`,
    ],
    [
      'Sub with variables of its own',
      { 'Fn::Sub': [`\${x}-\${AWS::Region}`, { x: { Ref: 'Queue' } }] },
      'https://queue-eu-west-2',
    ],
    ['Select from Split', { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Queue', 'Arn'] }] }] }, 'queue'],
    ['ImportValue', { 'Fn::ImportValue': 'data:Table' }, 'the-table'],
    ['If', { 'Fn::If': ['InLondon', 'yes', 'no'] }, 'yes'],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', 'local', 'batch'] }, 5],
    ['functions deep inside', { a: [{ b: { Ref: 'Queue' } }] }, { a: [{ b: 'https://queue' }] }],
    ['an object that only looks like a call', { Ref: 'Queue', And: 1 }, { Ref: 'Queue', And: 1 }],
  ])('works out %s', (_, value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  it('drops what AWS::NoValue stands in for, from objects and from lists', () => {
    const none = { 'Fn::If': ['Elsewhere', 'kept', { Ref: 'AWS::NoValue' }] };
    expect(resolve({ a: none, b: [1, none], c: 2 }, scope)).toEqual({ b: [1], c: 2 });
  });

  it.each<[string, Json, RegExp]>([
    ['a function', { 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }, /Fn::Cidr is not known/],
    ['a resource', { Ref: 'Nowhere' }, /Nowhere/],
    ['an attribute', { 'Fn::GetAtt': ['Queue', 'Colour'] }, /Queue has no attribute Colour/],
    ['an export', { 'Fn::ImportValue': 'data:Nothing' }, /no stack exports data:Nothing/],
    ['a dynamic reference', '{{resolve:ssm:/name}}', /Dynamic references/],
    ['a condition', { 'Fn::If': ['Nowhere', 1, 2] }, /Condition Nowhere/],
  ])('names %s that it does not know', (_, value, message) => {
    expect(() => resolve(value, scope)).toThrow(message);
  });

  it('works out And, Or and Not', () => {
    const inLondon = { Condition: 'InLondon' };
    const elsewhere = { Condition: 'Elsewhere' };
    expect(holds({ 'Fn::And': [inLondon, elsewhere] }, scope)).toBe(false);
    expect(holds({ 'Fn::Or': [inLondon, elsewhere] }, scope)).toBe(true);
    expect(holds({ 'Fn::Not': [elsewhere] }, scope)).toBe(true);
    expect(() => holds({ 'Fn::Maybe': [] }, scope)).toThrow(/Not a condition/);
  });

  it('finds every resource that a value refers to', () => {
    const value = {
      a: { Ref: 'A' },
      b: [{ 'Fn::GetAtt': ['B', 'Arn'] }],
      c: { 'Fn::Sub': [`\${C.Arn} \${!D}`, { x: { Ref: 'E' } }] },
    };
    expect([...referencesOf(value)].sort()).toEqual(['A', 'B', 'C', 'E']);
  });
});
