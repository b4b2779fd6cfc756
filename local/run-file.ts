import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** `run.json` in the state folder, there while a local run is up: what another program needs to speak to it. */
export const runFile = z.object({
  /** Process id of the run. */
  pid: z.int(),
  s3Endpoint: z.url(),
  sqsEndpoint: z.url(),
  dynamodbEndpoint: z.url(),
  secretsManagerEndpoint: z.url(),
  snsEndpoint: z.url(),
  /** The topic by which people are told. */
  noticesTopicArn: z.string(),
  /** Where changes of documents are published. */
  eventsTopicArn: z.string(),
  region: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  inboxBucket: z.string(),
  senderOdsCode: z.string(),
  tableName: z.string(),
  /** What stands before `/v1` in an address of the API. */
  apiUrl: z.url(),
  /** Who gives tokens for the API, and the client of the sample's organisation. */
  issuer: z.object({ tokenUrl: z.url(), clientId: z.string(), clientSecret: z.string() }),
  meshUrl: z.url(),
  logDir: z.string(),
  /** Where e-mails lie that the run would have sent, a file each. */
  mailDir: z.string(),
  /** Where the GP practice simulator keeps what it receives. */
  practiceDir: z.string(),
  /** How many seconds of the run pass in one real second. */
  timeScale: z.number(),
  /** The run's clock read `origin` when the machine's read `realOrigin` (epoch ms): signed requests must use it. */
  clock: z.object({ origin: z.number(), realOrigin: z.number() }),
});
export type RunFile = z.infer<typeof runFile>;

export const runFilePath = (dir: string): string => join(dir, 'run.json');

/** Written whole or not at all: a reader never sees half of it. */
export const writeRunFile = (dir: string, run: RunFile): void => {
  const path = runFilePath(dir);
  writeFileSync(`${path}.new`, `${JSON.stringify(run, undefined, 2)}\n`);
  renameSync(`${path}.new`, path);
};

export const readRunFile = (dir: string): RunFile | undefined => {
  try {
    return runFile.parse(JSON.parse(readFileSync(runFilePath(dir), 'utf8')));
  } catch {
    return undefined;
  }
};
