import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { build } from 'esbuild';
import type { JsonObject } from '../../../local/aws/events/pattern.ts';
import { type LocalClock, realClock } from '../../../local/clock.ts';
import { type Engine, startEngine } from '../../../local/engine/engine.ts';
import { followClock } from '../aws/json-support.ts';

/** Bundles a fixture as CDK bundles a function. */
const bundle = async (fixture: string, outDir: string): Promise<void> => {
  await build({
    entryPoints: [fileURLToPath(new URL(`fixtures/${fixture}.ts`, import.meta.url))],
    outfile: join(outDir, 'index.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
  });
};

const code = (asset: string): JsonObject => ({
  S3Bucket: { 'Fn::Sub': `assets-\${AWS::AccountId}` },
  S3Key: `${asset}.zip`,
});
const arn = (id: string): JsonObject => ({ 'Fn::GetAtt': [id, 'Arn'] });

export interface Stack {
  readonly batchSize?: number;
  readonly windowSeconds?: number;
  readonly maxReceiveCount?: number;
  readonly maximumConcurrency?: number;
  readonly timeoutSeconds?: number;
  readonly visibilitySeconds?: number;
  readonly reservedConcurrency?: number;
  readonly resources?: JsonObject;
}

/** A template by hand: a queue with its dead-letter queue, the function that reads it, and what that may do. */
export const templateOf = (stack: Stack): JsonObject => ({
  Resources: {
    Worker: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'worker',
        Code: code('worker'),
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        MemorySize: 512,
        Timeout: stack.timeoutSeconds ?? 30,
        Role: arn('WorkerRole'),
        Environment: { Variables: { RESULTS_QUEUE_URL: { Ref: 'Results' }, BUCKET: { Ref: 'Bucket' } } },
        ...(stack.reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: stack.reservedConcurrency }),
      },
      DependsOn: ['WorkerPolicy'],
      Metadata: { 'aws:cdk:path': 'a-stack/Worker/Resource' },
    },
    WorkerRole: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
    WorkerPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'WorkerPolicy',
        Roles: [{ Ref: 'WorkerRole' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('Results') },
            { Effect: 'Allow', Action: 's3:ListBucket', Resource: arn('Bucket') },
            {
              Effect: 'Allow',
              Action: 's3:PutObject',
              Resource: { 'Fn::Join': ['', [arn('Bucket'), '/meeting/*']] },
            },
          ],
        },
      },
    },
    Source: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: { Ref: 'Worker' },
        EventSourceArn: arn('Work'),
        BatchSize: stack.batchSize ?? 1,
        MaximumBatchingWindowInSeconds: stack.windowSeconds ?? 0,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ...(stack.maximumConcurrency === undefined
          ? {}
          : { ScalingConfig: { MaximumConcurrency: stack.maximumConcurrency } }),
      },
    },
    Work: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        VisibilityTimeout: stack.visibilitySeconds ?? 1,
        RedrivePolicy: { deadLetterTargetArn: arn('DeadLetters'), maxReceiveCount: stack.maxReceiveCount ?? 2 },
      },
      Metadata: { 'aws:cdk:path': 'a-stack/Work/Resource' },
    },
    DeadLetters: { Type: 'AWS::SQS::Queue' },
    Results: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'results' } },
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: { NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } } },
    },
    ...stack.resources,
  },
});

/** Writes templates and bundles as `cdk synth` would lay them out. Later stacks depend on earlier ones. */
export const writeAssembly = async (dir: string, templates: Readonly<Record<string, JsonObject>>): Promise<void> => {
  const names = Object.keys(templates);
  const artifacts: Record<string, JsonObject> = {};
  for (const [i, name] of names.entries()) {
    writeFileSync(join(dir, `${name}.template.json`), JSON.stringify(templates[name]));
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: `${name}.template.json` },
      dependencies: ['assets', ...names.slice(0, i)],
    };
  }
  const files: Record<string, JsonObject> = {};
  for (const [asset, fixture] of [
    ['worker', 'handler'],
    ['broken', 'broken'],
    ['gateway', 'gateway'],
  ] as const) {
    await bundle(fixture, join(dir, `asset.${asset}`));
    files[asset] = {
      source: { path: `asset.${asset}`, packaging: 'zip' },
      destinations: { here: { objectKey: `${asset}.zip` } },
    };
  }
  writeFileSync(join(dir, 'assets.assets.json'), JSON.stringify({ files }));
  artifacts.assets = { type: 'cdk:asset-manifest', properties: { file: 'assets.assets.json' } };
  // Last first, so that the order must come from the dependencies.
  const reversed = Object.fromEntries(Object.entries(artifacts).reverse());
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ version: '55.0.0', artifacts: reversed }));
};

/** What the fixture tells of one handling. */
export interface Told {
  readonly name: string;
  readonly received: number;
  readonly batchSize: number;
  readonly processId: string;
  readonly pid: number;
  readonly at: number;
  readonly met?: boolean;
  readonly event?: JsonObject;
}

export interface Rig {
  readonly engine: Engine;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly dir: string;
  send(...wishes: object[]): Promise<void>;
  /** The next `count` things told. */
  told(count: number): Promise<Told[]>;
  /** Bodies of the next `count` dead letters. */
  deadLetters(count: number): Promise<string[]>;
  log(functionName?: string): string;
  close(): Promise<void>;
}

export const startRig = async (stack: Stack, clock: LocalClock = realClock()): Promise<Rig> => {
  const dir = mkdtempSync(join(tmpdir(), 'engine-'));
  const assemblyDir = join(dir, 'cdk.out');
  mkdirSync(assemblyDir);
  await writeAssembly(assemblyDir, { 'a-stack': templateOf(stack) });
  const engine = await startEngine({ assemblyDir, stateDir: join(dir, 'state'), clock });
  const { region, credentials } = engine;
  const sqs = new SQSClient({ endpoint: engine.sqsEndpoint, region, credentials });
  const s3 = new S3Client({ endpoint: engine.s3Endpoint, region, credentials });
  followClock(sqs, clock);
  followClock(s3, clock);

  const take = async (queueUrl: string, count: number): Promise<string[]> => {
    const bodies: string[] = [];
    while (bodies.length < count) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          WaitTimeSeconds: 20,
          MaxNumberOfMessages: Math.min(10, count - bodies.length),
        }),
      );
      for (const { Body = '', ReceiptHandle } of Messages) {
        bodies.push(Body);
        await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      }
    }
    return bodies;
  };
  return {
    engine,
    sqs,
    s3,
    dir,
    async send(...wishes) {
      const QueueUrl = engine.physicalName('Work');
      for (const wish of wishes)
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(wish) }));
    },
    told: async (count) => (await take(engine.physicalName('Results'), count)).map((body): Told => JSON.parse(body)),
    deadLetters: (count) => take(engine.physicalName('DeadLetters'), count),
    log: (name = 'worker') => readFileSync(join(engine.logDir, `${name}.log`), 'utf8'),
    async close() {
      sqs.destroy();
      s3.destroy();
      await engine.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** Whether a process still runs. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
