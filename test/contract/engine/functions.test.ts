import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../../local/aws/events/pattern.ts';
import { scaledClock } from '../../../local/clock.ts';
import type { InvocationOutcome } from '../../../local/engine/invocation.ts';
import { isRunning, type Rig, startRig } from './rig.ts';

const resources = {
  Broken: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'broken',
      Code: { S3Key: 'broken.zip' },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: { 'Fn::GetAtt': ['WorkerRole', 'Arn'] },
    },
  },
  Missing: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'missing',
      Code: { S3Key: 'worker.zip' },
      Handler: 'index.nothing',
      Runtime: 'nodejs24.x',
      Role: { 'Fn::GetAtt': ['WorkerRole', 'Arn'] },
    },
  },
  EachMinute: {
    Type: 'AWS::Events::Rule',
    Properties: {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [{ Id: 'worker', Arn: { 'Fn::GetAtt': ['Worker', 'Arn'] } }],
    },
  },
  Dropped: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: { source: ['aws.s3'], detail: { object: { key: [{ prefix: 'inbox/' }] } } },
      Targets: [
        {
          Id: 'queue',
          Arn: { 'Fn::GetAtt': ['Work', 'Arn'] },
          InputTransformer: {
            InputPathsMap: { key: '$.detail.object.key' },
            InputTemplate: '{"name":<key>}',
          },
        },
      ],
    },
  },
};

const payloadOf = (outcome: InvocationOutcome): Json => {
  if (outcome.kind !== 'answered') throw new Error(`The function did not answer: ${JSON.stringify(outcome)}`);
  return outcome.payload;
};

// An hour of this clock is a bit more than a second.
const scale = 3000;
const origin = Date.UTC(2031, 5, 1);

describe('functions under a scaled clock', () => {
  const clock = scaledClock(scale, origin);
  let rig: Rig;
  beforeAll(async () => {
    process.env.OF_THIS_MACHINE = 'not for functions';
    // So many seconds that the machine's speed never ends an invocation.
    rig = await startRig({ timeoutSeconds: 90_000, visibilitySeconds: 43_000, resources }, clock);
  });
  afterAll(() => rig?.close());

  it('have the engine’s time, and what is left of their own', async () => {
    const start = clock.now();
    const outcome = await rig.engine.invoke('worker', { ask: 'facts' });
    const end = clock.now();
    expect(outcome).toMatchObject({
      kind: 'answered',
      payload: {
        functionName: 'worker',
        arn: 'arn:aws:lambda:eu-west-2:000000000000:function:worker',
        memory: '512',
        cwdIsTaskRoot: true,
      },
    });
    const { before, after, remaining } = payloadOf(outcome) as Record<string, number>;
    expect(before).toBeGreaterThanOrEqual(start);
    // Node's timers may be a millisecond of the machine's early.
    expect(after).toBeGreaterThanOrEqual(Number(before) + 10_000 - scale);
    expect(after).toBeLessThanOrEqual(end);
    expect(remaining).toBeLessThanOrEqual(90_000_000 - 10_000 + scale);
  });

  it('have the template’s variables and Lambda’s, and nothing of this machine but PATH', async () => {
    const outcome = await rig.engine.invoke('worker', { ask: 'facts' });
    const { variables } = payloadOf(outcome) as { variables: Record<string, string> };
    expect(variables).toMatchObject({
      RESULTS_QUEUE_URL: rig.engine.physicalName('Results'),
      BUCKET: rig.engine.physicalName('Bucket'),
      AWS_REGION: 'eu-west-2',
      AWS_LAMBDA_FUNCTION_NAME: 'worker',
      AWS_ENDPOINT_URL_S3: rig.engine.s3Endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: rig.engine.secretsEndpoint,
      _HANDLER: 'index.handler',
      PATH: process.env.PATH,
    });
    expect(variables.AWS_ACCESS_KEY_ID).not.toBe(rig.engine.credentials.accessKeyId);
    const own =
      /^(AWS_|LAMBDA_|LOCAL_CLOCK$|_X_AMZN_TRACE_ID$|_HANDLER$|LANG$|TZ$|PATH$|TMPDIR$|RESULTS_QUEUE_URL$|BUCKET$)/;
    expect(Object.keys(variables).filter((name) => !own.test(name))).toEqual([]);
  });

  it('tell how they failed', async () => {
    expect(await rig.engine.invoke('worker', { ask: 'throw' })).toEqual({
      kind: 'failed',
      errorType: 'RangeError',
      errorMessage: 'refused',
    });
    expect(await rig.engine.invoke('broken', {})).toEqual({
      kind: 'failed',
      errorType: 'TypeError',
      errorMessage: 'this bundle cannot be loaded',
    });
    expect(await rig.engine.invoke('missing', {})).toMatchObject({ errorType: 'Runtime.HandlerNotFound' });
    expect(rig.log('broken')).toContain('INIT_REPORT Status: error Error Type: TypeError');
  });

  it('are started by a schedule when the clock says so', async () => {
    const [first] = await rig.told(1);
    expect(first).toMatchObject({
      name: 'event',
      event: { source: 'aws.events', 'detail-type': 'Scheduled Event', region: 'eu-west-2', detail: {} },
    });
  });

  it('log start, end and report of each invocation with what they print in between', () => {
    expect(rig.log()).toMatch(
      /START RequestId: (\S+) Version: \$LATEST\n(?:.*\n)*?END RequestId: \1\nREPORT RequestId: \1\tDuration: .* ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB\tMax Memory Used: \d+ MB/,
    );
  });

  it('leave no process when the engine closes', async () => {
    const outcome = await rig.engine.invoke('worker', { ask: 'pid' });
    const pid = Number(payloadOf(outcome));
    expect(isRunning(pid)).toBe(true);
    await rig.close();
    expect(isRunning(pid)).toBe(false);
    expect(await rig.engine.invoke('worker', {})).toEqual({ kind: 'dropped', reason: 'closing' });
  });
});

describe('two engines side by side', () => {
  let rigs: Rig[] = [];
  beforeAll(async () => {
    rigs = await Promise.all([startRig({ resources: { Dropped: resources.Dropped } }), startRig({})]);
  });
  afterAll(() => Promise.all(rigs.map((rig) => rig.close())));

  it('share no bucket, no credentials and no event', async () => {
    const [one, other] = rigs;
    if (!one || !other) throw new Error('two were started');
    const Bucket = one.engine.physicalName('Bucket');
    expect(other.engine.physicalName('Bucket')).toBe(Bucket);
    await one.s3.send(new PutObjectCommand({ Bucket, Key: 'inbox/RX1/a "b".pdf', Body: 'x' }));
    expect(await one.told(1)).toMatchObject([{ name: 'inbox/RX1/a "b".pdf' }]);
    await expect(other.s3.send(new GetObjectCommand({ Bucket, Key: 'inbox/RX1/a "b".pdf' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    const stranger = new S3Client({
      endpoint: other.engine.s3Endpoint,
      region: 'eu-west-2',
      credentials: one.engine.credentials,
    });
    await expect(stranger.send(new GetObjectCommand({ Bucket, Key: 'x' }))).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    });
    stranger.destroy();
  });
});
