import { devNull } from 'node:os';
import type { LocalClock } from '../clock.ts';
import type { Credentials, Endpoints } from './clients.ts';
import type { FunctionDefinition } from './plan.ts';

/** The same time for another process: what local/runtime/preload.mjs reads. */
export const clockVariable = (clock: LocalClock): string => {
  // Both readings within one millisecond, or a scaled clock would be off by the scale.
  for (;;) {
    const realOrigin = Date.now();
    const origin = clock.now();
    if (Date.now() === realOrigin) return JSON.stringify({ scale: clock.scale, origin, realOrigin });
  }
};

export interface FunctionSurroundings {
  readonly endpoints: Endpoints;
  readonly credentials: Credentials;
  readonly region: string;
  readonly clock: LocalClock;
  readonly logStream: string;
  /** A folder of its own for temporary files. */
  readonly temporaryDir: string;
}

/**
 * Everything a function's process finds in its environment: the template's variables, those that Lambda itself sets,
 * and where the services are. Of this machine's own only PATH.
 */
export const functionVariables = (
  definition: FunctionDefinition,
  { endpoints, credentials, region, clock, logStream, temporaryDir }: FunctionSurroundings,
): Record<string, string> => ({
  LANG: 'en_US.UTF-8',
  TZ: 'UTC',
  ...definition.environment,
  PATH: process.env.PATH ?? '',
  TMPDIR: temporaryDir,
  _HANDLER: definition.handler,
  AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
  AWS_LAMBDA_FUNCTION_NAME: definition.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroup,
  AWS_LAMBDA_LOG_STREAM_NAME: logStream,
  LAMBDA_TASK_ROOT: definition.codeDir,
  LAMBDA_RUNTIME_DIR: definition.codeDir,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  // The settings of whoever owns this machine are no part of a function.
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_SNS: endpoints.sns,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secrets,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  LOCAL_CLOCK: clockVariable(clock),
});
