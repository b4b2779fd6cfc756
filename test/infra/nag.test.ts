import { CfnResource } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct as Scope } from 'constructs';
import { describe, expect, it } from 'vitest';
import { stageNames } from '../../infra/config/stage-settings.ts';
import { allow } from '../../infra/nag.ts';
import { synthesise, synthesiseChecked } from './support.ts';

describe('cdk-nag', () => {
  it.each(stageNames)('finds nothing in stage %s that is not answered with a reason', (stage) => {
    expect(() => synthesise({ stage })).not.toThrow();
  });

  it.each(stageNames)('and CloudFormation’s own rules find nothing in stage %s', (stage) => {
    expect(() => synthesiseChecked({ stage })).not.toThrow();
  });

  it('CloudFormation’s own rules stop the synthesis for a property that there is not', () => {
    expect(() =>
      synthesiseChecked({}, ({ data }) => {
        new CfnResource(data, 'Wrong', { type: 'AWS::SQS::Queue', properties: { NoSuchProperty: 1 } });
      }),
    ).toThrow(/NoSuchProperty/);
  });

  it('finds nothing with organisations, a break-glass role and a subscriber', () => {
    const settings = {
      senders: [{ odsCode: 'RX1', principalArns: ['arn:aws:iam::111122223333:root'] }],
      breakGlassRoleArns: ['arn:aws:iam::111122223333:role/break-glass'],
      alarmEmail: 'on-call@example.org',
    };
    expect(() => synthesise({ settings })).not.toThrow();
  });

  it.each([
    ['a plain bucket', 'AwsSolutions-S1', 'data', (scope: Scope) => new Bucket(scope, 'Plain')],
    [
      'a queue without a dead-letter queue',
      'AwsSolutions-SQS3',
      'pipeline',
      (scope: Scope) => new Queue(scope, 'Alone'),
    ],
    [
      'a role that may write to every bucket',
      'AwsSolutions-IAM5[Resource::*]',
      'pipeline',
      (scope: Scope) =>
        new Role(scope, 'Wide', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }).addToPolicy(
          new PolicyStatement({ actions: ['s3:PutObject'], resources: ['*'] }),
        ),
    ],
  ] as const)('stops the synthesis for %s (%s)', (_, rule, stack, spoil) => {
    expect(() => synthesise({}, (system) => spoil(system[stack]))).toThrow(rule);
  });
});

describe('a wildcard in a grant', () => {
  it('is refused without a reason', () => {
    expect(() =>
      synthesise({}, ({ pipeline, data }) => {
        const role = new Role(pipeline, 'Unreasoned', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
        allow(role, { actions: ['s3:GetObject'], resources: [data.drops.arnForObjects('*')] });
      }),
    ).toThrow('say why');
  });

  it('is answered for that resource alone', () => {
    expect(() =>
      synthesise({}, ({ pipeline, data }) => {
        const role = new Role(pipeline, 'Reasoned', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
        allow(role, {
          actions: ['s3:GetObject'],
          resources: [data.drops.arnForObjects('inbox/*')],
          wildcard: 'objects-of-prefix',
        });
        role.addToPolicy(
          new PolicyStatement({ actions: ['s3:GetObject'], resources: [data.messages.arnForObjects('*')] }),
        );
      }),
    ).toThrow(/AwsSolutions-IAM5\[Resource::[^\]]*Messages[^\]]*\/\*\]/);
  });
});
