import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { z } from 'zod';
import { startDynamoDb } from '../../local/aws/dynamodb/service.ts';
import { startS3 } from '../../local/aws/s3.ts';
import { startSecrets } from '../../local/aws/secrets/service.ts';
import { leapingClock } from '../../local/clock.ts';
import { startMeshSimulator } from '../../local/mesh/simulator.ts';
import { createPki } from '../../local/pki/pki.ts';
import { TEST_PATIENTS } from '../../local/samples/test-patients.ts';
import { type ManifestOverrides, makeDrop } from '../../local/samples/variants.ts';
import type { StoredRecord } from '../../shared/delivery/documents.ts';
import { documentKey } from '../../shared/delivery/keys.ts';
import type { Receipt } from '../../shared/delivery/receipt.ts';
import { receiptObject } from '../../shared/delivery/receipt.ts';
import { type StatusEvent, statusEvent } from '../../shared/events/status-event.ts';
import { messageFacts } from '../../shared/itk3/message-facts.ts';
import { answerXml } from '../../shared/itk3/write-answer.ts';
import { readXml } from '../../shared/itk3/xml-tree.ts';
import type { ComposeContext } from '../../shared/pipeline/compose/context.ts';
import { composeAgain, ingest } from '../../shared/pipeline/compose/ingest.ts';
import type { PollContext } from '../../shared/pipeline/poll/context.ts';
import { pollMailbox } from '../../shared/pipeline/poll/poll-mailbox.ts';
import { sendDocument } from '../../shared/pipeline/send/send-document.ts';
import { type WatchContext, watch } from '../../shared/pipeline/watch/watch.ts';
import { dynamoDbTable } from '../../shared/platform/aws/dynamodb-table.ts';
import { s3Objects } from '../../shared/platform/aws/s3-objects.ts';
import { secretsManager } from '../../shared/platform/aws/secrets-manager.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { documentIdOf, type OdsCode, systemIds } from '../../shared/platform/ids.ts';
import type { Log } from '../../shared/platform/log.ts';
import type { Measure, MetricName } from '../../shared/platform/measure.ts';
import {
  attentionIndex,
  byMailboxIndex,
  bySenderIndex,
  environmentSecretName,
  mailboxSecretName,
  unsentIndex,
  workIndex,
} from '../../shared/platform/names.ts';
import { type Objects, readWhole } from '../../shared/platform/objects.ts';
import type { Queue } from '../../shared/platform/queue.ts';
import { composeMessage, type OutboxMessage, type PollMessage } from '../../shared/platform/queue-messages.ts';
import type { Topic, TopicMessage } from '../../shared/platform/topic.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { senderFile } from '../../shared/senders/sender.ts';
import { pdfTextReader } from '../../shared/submission/pdf-text/pdf-text-reader.ts';
import { Crash, type CrashPlan, crashing } from './faults.ts';
import { putMailbox, putSender } from './registry.ts';

/**
 * The functions' library in one process, on the real local services and a real MESH over mutual TLS. The test plays
 * the queues: it delivers, delivers again, or never, and it moves the clock.
 */

const region = 'eu-west-2';
const credentials = { accessKeyId: 'AKIARIG', secretAccessKey: 'a-secret-of-the-rig' };
export const sender = { mailboxId: 'RX1OT001', odsCode: 'RX1', name: 'Northfield Out of Hours Service' };
/** Another organisation, whose code and mailbox begin like the sender's; registered at MESH, and here by whoever needs it. */
export const otherSender = { mailboxId: 'RX10OT001', odsCode: 'RX10', name: 'Southfield Walk-in Centre' };
export const practice = { mailboxId: 'Y12345OT001', odsCode: 'Y12345', name: 'Willow Lane Surgery' };

/** MessageHeader.id of a message that was sent. */
export const headerOf = (body: Buffer): string => {
  const reading = readXml(body, { maxBytes: 100_000_000 });
  if (reading.kind !== 'xml') throw new Error('What was sent is not XML.');
  return messageFacts(reading.root).messageHeaderId ?? '';
};

/** A notice as it was published. */
export interface GivenNotice extends TopicMessage {
  readonly attributes: Readonly<Record<string, string>>;
}

/** A queue that keeps what was sent for the test to deliver. */
const memoryQueue = <T>() => {
  const waiting: T[] = [];
  const queue: Queue = { send: async (message) => void waiting.push(message as T) };
  return { waiting, queue };
};

export const createRig = async () => {
  const dir = mkdtempSync(join(tmpdir(), 'send-document-rig-'));
  const clock = leapingClock();
  const setting = {
    clock,
    region,
    account: '000000000000',
    identities: {
      secretFor: (id: string) => (id === credentials.accessKeyId ? credentials.secretAccessKey : undefined),
    },
  };
  const events: z.infer<typeof composeMessage>[] = [];
  const s3Service = await startS3({
    ...setting,
    dir: join(dir, 's3'),
    onEvent: (event) => {
      const { object } = event.detail;
      if (event['detail-type'] !== 'Object Created' || !object.key.startsWith('inbox/')) return;
      events.push({
        bucket: event.detail.bucket.name,
        key: object.key,
        versionId: object['version-id'] ?? '',
        sequencer: object.sequencer,
        size: object.size ?? 0,
      });
    },
  });
  const ddbService = await startDynamoDb(setting);
  const secretsService = await startSecrets(setting);
  const pki = await createPki({ now: clock.now(), days: 365 });
  const mesh = await startMeshSimulator({
    clock,
    pki,
    sharedKey: 'shared-key',
    mailboxes: [
      { ...sender, password: 'password-1' },
      { ...practice, password: 'password-2' },
      { ...otherSender, password: 'password-3' },
    ],
    patients: TEST_PATIENTS.map(({ nhsNumber, birthDate, family }) => ({
      nhsNumber,
      birthDate,
      familyName: family,
      mailboxId: practice.mailboxId,
    })),
  });

  const s3 = new S3Client({ endpoint: s3Service.endpoint, region, credentials });
  // A streamed request cannot be signed again after a leap: this client goes by the clock from the start.
  Object.defineProperty(s3.config, 'systemClockOffset', { get: () => clock.now() - Date.now(), set: () => undefined });
  for (const Bucket of ['drops', 'messages', 'archive']) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  }
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'drops',
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  );
  const ddbConfig = { endpoint: ddbService.endpoint, region, credentials };
  const ddb = new DynamoDBClient(ddbConfig);
  await ddb.send(
    new CreateTableCommand({
      TableName: 'documents',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'workShard', AttributeType: 'S' },
        { AttributeName: 'nextCheckAt', AttributeType: 'N' },
        { AttributeName: 'unsentSince', AttributeType: 'N' },
        { AttributeName: 'attentionSince', AttributeType: 'N' },
        { AttributeName: 'mailboxList', AttributeType: 'S' },
        { AttributeName: 'listedAt', AttributeType: 'N' },
        { AttributeName: 'senderOds', AttributeType: 'S' },
        { AttributeName: 'updatedAt', AttributeType: 'N' },
      ],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: workIndex,
          KeySchema: [
            { AttributeName: 'workShard', KeyType: 'HASH' },
            { AttributeName: 'nextCheckAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: unsentIndex,
          KeySchema: [
            { AttributeName: 'workShard', KeyType: 'HASH' },
            { AttributeName: 'unsentSince', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: attentionIndex,
          KeySchema: [
            { AttributeName: 'workShard', KeyType: 'HASH' },
            { AttributeName: 'attentionSince', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: byMailboxIndex,
          KeySchema: [
            { AttributeName: 'mailboxList', KeyType: 'HASH' },
            { AttributeName: 'listedAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: bySenderIndex,
          KeySchema: [
            { AttributeName: 'senderOds', KeyType: 'HASH' },
            { AttributeName: 'updatedAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['state'] },
        },
      ],
    }),
  );
  const secretsClient = new SecretsManagerClient({ endpoint: secretsService.endpoint, region, credentials });
  const own = await pki.issueClient(sender.mailboxId);
  const putSecret = (Name: string, value: object) =>
    secretsClient.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
  await putSecret(environmentSecretName('test'), { sharedKey: 'shared-key', ca: pki.ca });
  await putSecret(mailboxSecretName('test', sender.mailboxId), { ...own, password: 'password-1' });
  const others = await pki.issueClient(otherSender.mailboxId);
  await putSecret(mailboxSecretName('test', otherSender.mailboxId), { ...others, password: 'password-3' });

  let plan: CrashPlan | undefined;
  const through = <T extends object>(label: string, port: T): T => crashing(label, port, () => plan);
  /** What whoever follows documents was told, as it came. */
  const published: StatusEvent[] = [];
  const outbox = memoryQueue<OutboxMessage>();
  const polls = memoryQueue<PollMessage>();
  const notices: GivenNotice[] = [];
  let topicIsDown = false;
  const topic: Topic = {
    publish: async (message, attributes) => {
      if (topicIsDown) throw new Error('The topic takes nothing.');
      notices.push({ ...message, attributes });
    },
  };
  const addresses = ['records@northfield.example'];
  const plainTable = dynamoDbTable('documents', ddbConfig);
  const objects = (bucket: string): Objects => s3Objects(bucket, s3);
  const drops = objects('drops');
  const lines: string[] = [];
  const write =
    (level: string) =>
    (code: string, fields: object = {}) =>
      void lines.push(JSON.stringify({ level, code, ...fields }));
  const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };
  const metrics = new Map<MetricName, number>();
  const refusals: string[] = [];
  const measure: Measure = {
    count: (metric, value = 1) => void metrics.set(metric, (metrics.get(metric) ?? 0) + value),
    record: (metric, value) => void metrics.set(metric, value),
    recordOf: (_, metric, value) => void metrics.set(metric, value),
    countOf: (_, metric) => void metrics.set(metric, (metrics.get(metric) ?? 0) + 1),
    countRefusal: (code) => void refusals.push(code),
    flush: () => undefined,
  };
  const context: ComposeContext & Omit<WatchContext, 'deadline'> & Pick<PollContext, 'table'> = {
    table: through('table', plainTable),
    ids: systemIds,
    clock,
    settings: { doubtWait: minutes(15), giveUpAfter: minutes(240) },
    drops: through('drops', drops),
    inbox: through('inbox', drops),
    messages: through('messages', objects('messages')),
    archive: through('archive', objects('archive')),
    audit: through('archive', objects('archive')),
    outbox: through('outbox', outbox.queue),
    ingest: through('ingest', { send: async (message: object) => void events.push(composeMessage.parse(message)) }),
    polls: through('polls', polls.queue),
    events: through('topic', { publish: async ({ body }) => void published.push(statusEvent.parse(JSON.parse(body))) }),
    notices: through('notices', topic),
    subscribers: { list: async () => addresses.map((address) => ({ address, arn: `arn:of:${address}` })) },
    noticesTopicArn: 'arn:aws:sns:eu-west-2:000000000000:notices',
    connection: { stage: 'test', secrets: secretsManager(clock, secretsClient), clock, ids: systemIds },
    log,
    measure,
    readPdfText: pdfTextReader(),
    rules: {
      refusedNhsNumbers: [],
      allowedNhsNumbers: ['9691375*'],
      refusedGivenNames: [],
    },
  };

  await putMailbox(
    plainTable,
    mailboxFile.parse({
      mailboxId: sender.mailboxId,
      odsCode: sender.odsCode,
      environment: 'local',
      baseUrl: mesh.url,
      pollEverySeconds: 60,
    }),
    clock.now(),
  );
  const senderSetting = senderFile.parse({
    odsCode: sender.odsCode,
    name: sender.name,
    phone: '01632 960100',
    mailboxId: sender.mailboxId,
    addresses: { notices: [...addresses], escalation: ['lead@northfield.example'], digest: [...addresses] },
  });
  await putSender(plainTable, senderSetting);

  const deadline = () => clock.now() + minutes(5);
  /** Composes as the function does. A process that died has not taken its message, whatever it still said. */
  const compose = async (message: z.infer<typeof composeMessage>) => {
    await ('composeAgain' in message ? composeAgain(context, message) : ingest(context, message));
    if (plan?.crashed) throw new Crash();
  };
  const answeredIds = new Set<string>();

  const rig = {
    dir,
    clock,
    mesh,
    pki,
    s3,
    table: plainTable,
    drops,
    archive: objects('archive'),
    context,
    events,
    outbox: outbox.waiting,
    polls: polls.waiting,
    published,
    lines,
    metrics,
    refusals,
    deadline,
    senderSetting,
    /** What people were told, oldest first. */
    notices,
    /** Confirmed addresses. */
    addresses,
    breakTopic(down: boolean) {
      topicIsDown = down;
    },
    crashWith(next: CrashPlan | undefined) {
      plan = next;
    },

    /** Puts a drop as a provider does. */
    async drop(
      name: string,
      overrides: ManifestOverrides = {},
      options: { order?: 'pdf-first' | 'manifest-first'; text?: string } = {},
    ) {
      const made = await makeDrop({ text: options.text ?? `Report ${name}` }, overrides);
      const puts = [
        () => drops.put(`inbox/RX1/${name}.pdf`, made.pdf, { contentType: 'application/pdf' }),
        () => drops.put(`inbox/RX1/${name}.json`, made.json),
      ];
      for (const put of options.order === 'manifest-first' ? puts.reverse() : puts) await put();
      return { ...made, documentId: documentIdOf('RX1' as OdsCode, made.manifest.encounterId, made.manifest.version) };
    },
    /** Delivers every storage event that waits; one that throws comes back, as from a queue. */
    async takeEvents(): Promise<void> {
      for (const message of events.splice(0)) {
        try {
          await compose(message);
        } catch {
          events.push(message);
        }
      }
    },
    async send(message: OutboxMessage) {
      return sendDocument({ ...context, ids: systemIds, random: () => 0, deadline: deadline() }, message);
    },
    async takeOutbox(): Promise<void> {
      for (const message of outbox.waiting.splice(0)) {
        try {
          const disposition = await rig.send(message);
          if (disposition.kind === 'return' || plan?.crashed) outbox.waiting.push(message);
        } catch {
          outbox.waiting.push(message);
        }
      }
    },
    async poll(mailboxId = sender.mailboxId): Promise<void> {
      await pollMailbox({ ...context, deadline: deadline() }, { mailboxId, slot: 'test' });
    },
    async watch(): Promise<void> {
      await watch({ ...context, deadline: deadline() });
    },
    /** The practice answers each message it has not answered yet with these codes. */
    answer(...codes: readonly string[]): number {
      let count = 0;
      for (const message of mesh.control.sent()) {
        if (message.from !== sender.mailboxId || answeredIds.has(message.meshMessageId)) continue;
        answeredIds.add(message.meshMessageId);
        count += 1;
        rig.answerTo(headerOf(message.body), ...codes);
      }
      return count;
    },
    answerTo(messageHeaderId: string, ...codes: readonly string[]): void {
      rig.answerInto(sender.mailboxId, messageHeaderId, ...codes);
    },
    answerInto(mailboxId: string, messageHeaderId: string, ...codes: readonly string[]): void {
      for (const code of codes) {
        const xml = answerXml(
          { code },
          {
            ids: systemIds,
            at: clock.now(),
            mailboxId: practice.mailboxId,
            odsCode: practice.odsCode,
            inResponseTo: messageHeaderId,
            senderReference: undefined,
          },
        );
        mesh.control.deliver(mailboxId, {
          from: practice.mailboxId,
          workflowId: 'GPFED_CONSULT_REPORT_ACK',
          content: Buffer.from(xml),
        });
      }
    },
    record: (documentId: string) => plainTable.read<StoredRecord>(documentKey(documentId)),
    async receipt(name: string): Promise<Receipt | undefined> {
      const found = await readWhole(drops, receiptObject('RX1', name), 1 << 20);
      return found && found !== 'too-large' ? (JSON.parse(found.bytes.toString('utf8')) as Receipt) : undefined;
    },
    async keys(objectsOf: Objects, prefix: string): Promise<string[]> {
      const found: string[] = [];
      for await (const { key } of objectsOf.list(prefix)) found.push(key);
      return found;
    },
    /** Every item of the table as stored. */
    async items(): Promise<Record<string, unknown>[]> {
      const { Items = [] } = await DynamoDBDocumentClient.from(ddb).send(
        new ScanCommand({ TableName: 'documents', ConsistentRead: true }),
      );
      return Items;
    },
    async close(): Promise<void> {
      s3.destroy();
      ddb.destroy();
      secretsClient.destroy();
      await mesh.close();
      await Promise.all([s3Service.close(), ddbService.close(), secretsService.close()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return rig;
};

export type Rig = Awaited<ReturnType<typeof createRig>>;
