import { join } from 'node:path';
import { type DynamoDbService, startDynamoDb } from '../aws/dynamodb/service.ts';
import { type S3Service, type S3Setting, startS3 } from '../aws/s3.ts';
import { type SecretsService, startSecrets } from '../aws/secrets/service.ts';
import type { LocalService, ServiceSetting } from '../aws/service.ts';
import { type SnsService, startSns } from '../aws/sns/service.ts';
import { type SqsService, startSqs } from '../aws/sqs/service.ts';
import type { Endpoints } from './clients.ts';

export interface Ports {
  readonly s3?: number;
  readonly sqs?: number;
  readonly sns?: number;
  readonly secrets?: number;
  readonly dynamodb?: number;
}

export interface LocalServices {
  readonly s3: S3Service;
  readonly sqs: SqsService;
  readonly sns: SnsService;
  readonly secrets: SecretsService;
  readonly dynamodb: DynamoDbService;
  readonly endpoints: Endpoints;
  close(): Promise<void>;
}

export interface LocalServicesSetting
  extends Omit<ServiceSetting, 'port'>,
    Pick<S3Setting, 'onEvent' | 'onNotification'> {
  /** Bodies of objects lie below it. */
  readonly stateDir: string;
  readonly ports: Ports;
  readonly onEmail: (to: string, subject: string, message: string) => void;
}

/** Starts all five, or none. */
export const startLocalServices = async (setting: LocalServicesSetting): Promise<LocalServices> => {
  const { stateDir, ports, onEvent, onNotification, onEmail, ...common } = setting;
  const running: LocalService[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.map((service) => service.close()));
  };
  const up = async <S extends LocalService>(start: Promise<S>): Promise<S> => {
    const service = await start;
    running.push(service);
    return service;
  };
  const at = (port: number | undefined) => (port === undefined ? common : { ...common, port });
  try {
    const sqs = await up(startSqs(at(ports.sqs)));
    const [s3, sns, secrets, dynamodb] = await Promise.all([
      up(
        startS3({
          ...at(ports.s3),
          dir: join(stateDir, 's3'),
          ...(onEvent ? { onEvent } : {}),
          ...(onNotification ? { onNotification } : {}),
        }),
      ),
      up(startSns({ ...at(ports.sns), deliverToQueue: sqs.deliver, onEmail })),
      up(startSecrets(at(ports.secrets))),
      up(startDynamoDb(at(ports.dynamodb))),
    ]);
    const endpoints = {
      s3: s3.endpoint,
      sqs: sqs.endpoint,
      sns: sns.endpoint,
      secrets: secrets.endpoint,
      dynamodb: dynamodb.endpoint,
    };
    return { s3, sqs, sns, secrets, dynamodb, endpoints, close };
  } catch (error) {
    await close();
    throw error;
  }
};
