import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { LocalClock } from '../clock.ts';
import type { Clients } from './families/family.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Endpoints {
  readonly s3: string;
  readonly sqs: string;
  readonly sns: string;
  readonly secrets: string;
  readonly dynamodb: string;
}

export interface EngineClients extends Clients {
  destroy(): void;
}

/** Clients of the local services for the engine's own process, which has the machine's time: they sign by `clock`. */
export const createClients = (
  endpoints: Endpoints,
  region: string,
  credentials: Credentials,
  clock: LocalClock,
): EngineClients => {
  const common = { region, credentials };
  const clients = {
    s3: new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true }),
    sqs: new SQSClient({ ...common, endpoint: endpoints.sqs }),
    sns: new SNSClient({ ...common, endpoint: endpoints.sns }),
    secrets: new SecretsManagerClient({ ...common, endpoint: endpoints.secrets }),
    dynamodb: new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb }),
  };
  for (const { config } of Object.values(clients)) {
    // Read at each signature; the SDK's own corrections by what services answer are then not needed.
    Object.defineProperty(config, 'systemClockOffset', { get: () => clock.now() - Date.now(), set: () => {} });
  }
  return {
    ...clients,
    destroy() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
};
