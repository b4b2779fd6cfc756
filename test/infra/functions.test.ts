import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stageNames } from '../../infra/config/stage-settings.ts';
import { environments, type FunctionName, parseEnvironment } from '../../shared/platform/environment.ts';
import { synthesise } from './support.ts';

const systems = Object.fromEntries(stageNames.map((stage) => [stage, synthesise({ stage })] as const));
const names = Object.keys(environments) as FunctionName[];
const each = stageNames.flatMap((stage) => names.map((name) => [name, stage] as const));

const functionOf = (stage: string, name: string) => {
  const found = systems[stage]
    ?.of('AWS::Lambda::Function')
    .find(({ properties }) => properties.FunctionName === `send-document-${stage}-${name}`);
  if (!found) throw new Error(`no function ${name} in ${stage}`);
  return found.properties;
};

describe('functions', () => {
  it('are those that have an environment schema, and no helper of CDK', () => {
    for (const stage of stageNames) expect(systems[stage]?.of('AWS::Lambda::Function')).toHaveLength(names.length);
  });

  it.each(each)('%s in stage %s gets an environment that its schema takes', (name, stage) => {
    const { Variables } = z
      .object({ Variables: z.record(z.string(), z.string()) })
      .parse(functionOf(stage, name).Environment);
    const parsed = parseEnvironment(environments[name], Variables);
    expect(parsed.STAGE).toBe(stage);
    expect(parsed.POWERTOOLS_SERVICE_NAME).toBe(name);
    const known = [...Object.keys(environments[name].shape), 'NODE_OPTIONS'];
    expect(Object.keys(Variables).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it('refuse published test numbers and harness words in production, and allow nothing but test numbers elsewhere', () => {
    const compose = (stage: string) =>
      parseEnvironment(
        environments.compose,
        z.object({ Variables: z.record(z.string(), z.string()) }).parse(functionOf(stage, 'compose').Environment)
          .Variables,
      );
    const production = compose('production');
    expect(production.ALLOWED_NHS_NUMBERS).toBe('');
    expect(production.REFUSED_NHS_NUMBERS.split(',')).toEqual([
      '999*',
      '9000000009',
      '9691375*',
      '9691376*',
      '9657702*',
      '9686477*',
    ]);
    const refused = production.REFUSED_GIVEN_NAMES.split(',').map((text) => new RegExp(text));
    const isRefused = (name: string) => refused.some((pattern) => pattern.test(name));
    const words = [
      'noresponse',
      'invrep',
      '10001',
      '10010',
      '20001',
      '20015',
      '30001',
      '30004',
      'IB001',
      'IB019',
      'IB025',
    ];
    expect(words.filter((word) => !isRefused(word))).toEqual([]);
    expect(['Ibrahim', 'Ann', '20016', '30005', 'IB026', 'IB000', 'Noresponseson'].filter(isRefused)).toEqual([]);
    for (const stage of ['local', 'integration']) {
      expect(compose(stage)).toMatchObject({
        ALLOWED_NHS_NUMBERS: '9691375*,9691376*,9657702*,9686477*',
        REFUSED_NHS_NUMBERS: '',
        REFUSED_GIVEN_NAMES: '',
      });
    }
  });

  it.each(names)('%s runs on Node.js 24, ARM, and logs into an encrypted group that stays', (name) => {
    const properties = functionOf('production', name);
    expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
    const { LogGroup } = z.object({ LogGroup: z.string() }).parse(properties.LoggingConfig);
    const group = systems.production?.of('AWS::Logs::LogGroup').find(({ id }) => id.toLowerCase() === LogGroup);
    expect(group?.properties.RetentionInDays).toBe(731);
    expect(group?.properties.KmsKeyId).toMatch(/messagingkey/);
    expect(group?.deletionPolicy).toBe('Retain');
  });

  it('have the memory and time that their work needs', () => {
    const size = (name: string) => {
      const { MemorySize, Timeout, ReservedConcurrentExecutions } = functionOf('local', name);
      return { MemorySize, Timeout, ReservedConcurrentExecutions };
    };
    for (const name of ['compose', 'send', 'poll']) {
      expect(size(name)).toEqual({ MemorySize: 1024, Timeout: 300, ReservedConcurrentExecutions: undefined });
    }
    expect(size('watch')).toEqual({ MemorySize: 512, Timeout: 180, ReservedConcurrentExecutions: 1 });
    // API Gateway waits for 29 seconds.
    expect(size('api')).toEqual({ MemorySize: 1024, Timeout: 25, ReservedConcurrentExecutions: undefined });
    expect(size('authorise')).toEqual({ MemorySize: 512, Timeout: 10, ReservedConcurrentExecutions: undefined });
  });

  it('start watch each minute, and the next minute is its only retry', () => {
    const system = synthesise();
    const rule = system.one('AWS::Events::Rule', 'EachMinute');
    const watch = system.one('AWS::Lambda::Function', 'WatchFunction');
    expect(rule.properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ Arn: system.arn(watch) }],
    });
    expect(system.one('AWS::Lambda::EventInvokeConfig', 'Watch').properties).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
    expect(system.one('AWS::Lambda::Permission', 'EachMinute').properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: system.arn(rule),
    });
  });
});
