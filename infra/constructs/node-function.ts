import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, type Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvironmentInput, FunctionName } from '../../shared/platform/environment.ts';
import type { StageSettings } from '../config/stage-settings.ts';
import { allow } from '../nag.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * How a file is bundled that runs as a thread. The function starts it by a file of its own name beside the bundle. Runs
 * on the machine that synthesises, as the bundling of the function itself does.
 */
const bundleThread = (file: string, outputDir: string): string =>
  [
    join(root, 'node_modules/.bin/esbuild'),
    join(root, file),
    '--bundle',
    '--platform=node',
    '--target=node20',
    '--format=esm',
    '--external:@napi-rs/canvas',
    '--log-level=warning',
    `--outfile=${join(outputDir, basename(file))}`,
  ]
    .map((word) => `"${word}"`)
    .join(' ');

export interface NodeFunctionProps<F extends FunctionName> {
  readonly name: F;
  readonly settings: StageSettings;
  readonly description: string;
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly reservedConcurrentExecutions?: number;
  readonly environment: EnvironmentInput<F>;
  /** Files that the function runs as threads of their own: bundled beside it, under their own names. */
  readonly threads?: readonly string[];
  /** Encrypts the log group. */
  readonly logKey: IKey;
}

/** One function of lambdas/ with the house defaults, and a role that can write its own log and nothing else. */
export class NodeFunction<F extends FunctionName> extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly timeout: Duration;

  constructor(scope: Construct, id: string, props: NodeFunctionProps<F>) {
    super(scope, id);
    this.timeout = props.timeout;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.settings.logRetentionDays,
      encryptionKey: props.logKey,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // A role of our own, because the one CDK makes carries AWS's managed policy, which may write to every log.
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${props.name} may do`,
    });
    allow(this.role, {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    this.function = new NodejsFunction(this, 'Function', {
      functionName: `send-document-${props.settings.stage}-${props.name}`,
      description: props.description,
      entry: `${root}lambdas/${props.name}/index.ts`,
      handler: 'handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: props.timeout,
      ...(props.reservedConcurrentExecutions === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrentExecutions }),
      environment: { ...(props.environment as Readonly<Record<string, string>>), NODE_OPTIONS: '--enable-source-maps' },
      role: this.role,
      logGroup,
      // Would add a variable that only version 2 of the SDK reads.
      awsSdkConnectionReuse: false,
      projectRoot: root,
      depsLockFilePath: `${root}package-lock.json`,
      bundling: {
        format: OutputFormat.ESM,
        // The one-machine run runs this same bundle on the oldest Node that the project takes.
        target: 'node20',
        mainFields: ['module', 'main'],
        // Some dependencies are CommonJS and call require, which an ES module does not have.
        banner:
          "import { createRequire as requireForBundle } from 'node:module'; const require = requireForBundle(import.meta.url);",
        sourceMap: true,
        sourcesContent: false,
        minify: false,
        // The runtime's own SDK changes under us; the tests ran with this one.
        bundleAwsSDK: true,
        commandHooks: {
          beforeBundling: () => [],
          beforeInstall: () => [],
          afterBundling: (_, outputDir) => (props.threads ?? []).map((file) => bundleThread(file, outputDir)),
        },
      },
    });
  }
}
