import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { JsonObject } from '../../local/aws/events/pattern.ts';
import { openPracticeStore, type PracticeStore } from '../../local/practice/store.ts';
import { readReceipt, type SeenReceipt } from '../../local/run/follow.ts';
import { startSystem } from '../../local/run/system.ts';
import type { DocumentRecord } from '../../shared/delivery/record.ts';

/** The whole system as `npm start` brings it up, in a folder of its own, for acceptance tests. */
export const startForTest = async (options: { settings?: JsonObject; timeScale?: number } = {}) => {
  const dir = mkdtempSync(join(tmpdir(), 'send-document-run-'));
  const system = await startSystem({
    dir,
    timeScale: options.timeScale ?? 20,
    ...(options.settings ? { settings: options.settings } : {}),
  });
  const { run } = system;
  const client = new DynamoDBClient({
    endpoint: run.dynamodbEndpoint,
    region: run.region,
    credentials: run.credentials,
  });
  const documents = DynamoDBDocumentClient.from(client);
  const practice: PracticeStore = openPracticeStore(run.practiceDir);
  return {
    ...system,
    dir,
    received: () => practice.received(),
    practiceDir: run.practiceDir,
    receipt: (name: string, odsCode = run.senderOdsCode): Promise<SeenReceipt | undefined> =>
      readReceipt(system.s3, run.inboxBucket, odsCode, name),
    async record(documentId: string): Promise<DocumentRecord | undefined> {
      const { Item } = await documents.send(
        new GetCommand({ TableName: run.tableName, Key: { pk: `DOC#${documentId}` }, ConsistentRead: true }),
      );
      return Item?.data as DocumentRecord | undefined;
    },
    /** Everything that any function or simulator wrote to a log. */
    logs(): string {
      return readdirSync(run.logDir)
        .map((name) => join(run.logDir, name))
        .filter((path) => statSync(path).isFile())
        .map((path) => readFileSync(path, 'utf8'))
        .join('\n');
    },
    async stop(): Promise<void> {
      client.destroy();
      await system.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
export type SystemUnderTest = Awaited<ReturnType<typeof startForTest>>;

/** Waits (real time) until `check` gives a value; fails with what it last said. */
export const eventually = async <T>(
  check: () => Promise<T | undefined>,
  limitMs: number,
  what: () => string,
): Promise<T> => {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(what());
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};
