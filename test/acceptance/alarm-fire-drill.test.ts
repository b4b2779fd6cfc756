import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scaledClock } from '../../local/clock.ts';
import { makeDrop } from '../../local/samples/variants.ts';
import { applyEvent, indexedRecord } from '../../shared/delivery/documents.ts';
import { documentKey, sweepKey } from '../../shared/delivery/keys.ts';
import { reduce } from '../../shared/delivery/reduce.ts';
import { dynamoDbTable } from '../../shared/platform/aws/dynamodb-table.ts';
import { days, hours, minutes } from '../../shared/platform/clock.ts';
import { mailboxSecretName } from '../../shared/platform/names.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { putMailbox } from '../../shared/senders/registry.ts';
import { eventually, type SystemUnderTest, startForTest } from '../support/local-system.ts';
import { dropOf, dropped } from '../support/records.ts';

/**
 * Every alarm of the templates is made to go off by its cause, and to end by its cure, in the system as `npm start` runs
 * it: metrics come from what the functions print and from the local queues. Somebody on call hears of each, twice.
 */

/** A minute is two seconds: fast enough for alarms that look back a quarter of an hour, slow enough for real functions. */
const timeScale = 30;
const patience = 150_000;

let system: SystemUnderTest;
let table: ReturnType<typeof dynamoDbTable>;
let plain: DynamoDBDocumentClient;
let sqs: SQSClient;
let secrets: SecretsManagerClient;
let clock: { now(): number };
let onCall: string;

const client = <C>(of: new (setting: object) => C, endpoint: string): C =>
  new of({ endpoint, region: system.run.region, credentials: { ...system.run.credentials } });

beforeAll(async () => {
  system = await startForTest({ timeScale });
  const { run, engine } = system;
  clock = scaledClock(timeScale, run.clock.origin, run.clock.realOrigin);
  const setting = { endpoint: run.dynamodbEndpoint, region: run.region, credentials: { ...run.credentials } };
  table = dynamoDbTable(run.tableName, setting);
  plain = DynamoDBDocumentClient.from(new DynamoDBClient(setting));
  sqs = client(SQSClient, run.sqsEndpoint);
  secrets = client(SecretsManagerClient, run.secretsManagerEndpoint);
  const sns = client(SNSClient, run.snsEndpoint);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'on-call' }));
  onCall = QueueUrl;
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  await sns.send(
    new SubscribeCommand({
      TopicArn: engine.resources.output('AlarmTopicArn'),
      Protocol: 'sqs',
      Endpoint: Attributes?.QueueArn,
    }),
  );
  sns.destroy();
}, 90_000);
afterAll(async () => {
  for (const each of [sqs, secrets, plain]) each?.destroy();
  await system?.stop();
});

const states = () =>
  system.engine.alarms.all.map(({ name, state, reason }) => `${name} ${state} (${reason})`).join('\n');
const allIn = (state: 'ALARM' | 'OK', expected: readonly string[]) =>
  eventually(
    async () => (expected.every((name) => system.engine.alarms.stateOf(name) === state) ? true : undefined),
    patience,
    () => `not all in ${state} of ${expected.join(', ')}:\n${states()}`,
  );
const alarm = (name: string) => `send-document-local/${name}`;

const mailboxOf = (mailboxId: string, odsCode: string, baseUrl: string) =>
  mailboxFile.parse({ mailboxId, odsCode, environment: 'local', baseUrl, pollEverySeconds: 60, shared: true });
const secretOf = async (who: { mailboxId: string; password: string }, daysLeft: number) =>
  JSON.stringify({
    ...(await system.world.pki.issueClient(who.mailboxId, { notAfter: clock.now() + days(daysLeft) })),
    password: who.password,
  });

/** Functions by what operators call them. */
const functions = {
  compose: 'Compose',
  send: 'Send',
  poll: 'Poll',
  watch: 'Watch',
  api: 'ApiFunction',
  authorise: 'Authorise',
} as const;
type Name = keyof typeof functions;
const names = Object.keys(functions) as Name[];
const functionName = (name: Name) => `send-document-local-${name}`;

/** What each drill's alarms are, so that none is left out. */
const drilled = new Set<string>();
const drill = async (conditions: readonly string[], cause: () => Promise<unknown>, cure: () => Promise<unknown>) => {
  const alarms = conditions.map(alarm);
  for (const name of alarms) drilled.add(name);
  await cause();
  await allIn('ALARM', alarms);
  await cure();
  await allIn('OK', alarms);
};

describe('every alarm goes off by its cause and ends by its cure', () => {
  it('of messages, documents and functions', async () => {
    const { engine, run } = system;
    const deadLetters = [
      ['Ingest/DeadLetterQueueNotEmpty', 'IngestDeadLetterQueueUrl'],
      ['StorageEvents/DeadLetterQueueNotEmpty', 'IngestUndeliveredQueueUrl'],
      ['Outbox/DeadLetterQueueNotEmpty', 'OutboxDeadLetterQueueUrl'],
      ['Poll/DeadLetterQueueNotEmpty', 'PollDeadLetterQueueUrl'],
    ] as const;
    const queueDrills = deadLetters.map(([name, output]) => {
      const QueueUrl = engine.resources.output(output);
      const fifo = QueueUrl.endsWith('.fifo') ? { MessageGroupId: 'a', MessageDeduplicationId: randomUUID() } : {};
      return drill(
        [name],
        () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}', ...fifo })),
        () => sqs.send(new PurgeQueueCommand({ QueueUrl })),
      );
    });

    const settings = { doubtWait: minutes(15), giveUpAfter: hours(4) };
    const { documentId } = dropOf();
    const unsent = drill(
      ['Documents/UnsentForAnHour', 'Documents/UnsentForTwoHours'],
      async () => {
        const received = reduce(undefined, dropped(), clock.now() - hours(2.5));
        if (received.kind !== 'changed') throw new Error('a drop makes a record');
        const { record } = received;
        await table.write(documentKey(documentId), record, 0, indexedRecord(record, clock.now(), settings));
      },
      () =>
        applyEvent({ table, clock: { now: clock.now, sleep: async () => undefined }, settings }, documentId, {
          kind: 'rejected',
          composition: 1,
          problems: [],
        }),
    );

    const attention = drill(
      ['Documents/NeedAttention'],
      async () => {
        const { pdf, json } = await makeDrop({ text: 'A report' }, { patient: { nhsNumber: '9691375088' } });
        for (const [extension, Body] of [
          ['pdf', pdf],
          ['json', json],
        ] as const) {
          await system.s3.send(
            new PutObjectCommand({ Bucket: run.inboxBucket, Key: `inbox/RX1/drill.${extension}`, Body }),
          );
        }
      },
      async () => undefined,
    );

    const quarantine = drill(
      ['Poll/AnswerQuarantined'],
      async () =>
        system.mesh.control.deliver(system.world.sender.mailboxId, {
          from: system.world.practice.mailboxId,
          workflowId: 'GPFED_CONSULT_REPORT_ACK',
          content: Buffer.from('<not-an-answer/>'),
        }),
      async () => undefined,
    );

    // An authoriser refuses by failing: that it does is no alarm.
    const failing = names
      .filter((name) => name !== 'authorise')
      .map((name) =>
        drill(
          [`${functions[name]}/Failing`],
          async () => {
            // watch takes whatever starts it: what it remembers is spoilt instead.
            if (name === 'watch') {
              await plain.send(new PutCommand({ TableName: run.tableName, Item: { pk: sweepKey } }));
            } else {
              expect(await engine.invoke(functionName(name), {})).toMatchObject({ kind: 'failed' });
            }
          },
          async () => {
            if (name === 'watch')
              await plain.send(new DeleteCommand({ TableName: run.tableName, Key: { pk: sweepKey } }));
          },
        ),
      );
    await Promise.all([...queueDrills, unsent, attention, quarantine, ...failing]);
  });

  it('of mailboxes', async () => {
    const { world, mesh } = system;
    const { sender, practice } = world;
    const Name = mailboxSecretName('local', practice.mailboxId);
    const own = mailboxOf(practice.mailboxId, practice.odsCode, mesh.url);

    // Registered before its secret is there; then with a certificate that ends soon; then with a new one.
    const circuitAndCertificate = async () => {
      await drill(
        ['Mailboxes/CircuitOpen'],
        () => putMailbox(table, own, clock.now()),
        async () => secrets.send(new CreateSecretCommand({ Name, SecretString: await secretOf(practice, 10) })),
      );
      await drill(
        ['Mailboxes/CertificateEndsWithinThirtyDays', 'Mailboxes/CertificateEndsWithinFourteenDays'],
        async () => undefined,
        async () =>
          secrets.send(new PutSecretValueCommand({ SecretId: Name, SecretString: await secretOf(practice, 200) })),
      );
    };
    const heartbeat = drill(
      ['Mailboxes/PollHeartbeatMissing'],
      () => putMailbox(table, mailboxOf(sender.mailboxId, sender.odsCode, 'https://127.0.0.1:9'), clock.now()),
      () => putMailbox(table, mailboxOf(sender.mailboxId, sender.odsCode, mesh.url), clock.now()),
    );
    await Promise.all([circuitAndCertificate(), heartbeat]);
  });

  it('of functions that are not let run', async () => {
    const { engine } = system;
    await Promise.all(
      names.map((name) =>
        drill(
          [`${functions[name]}/Throttled`, ...(name === 'api' ? ['Api/ServerErrors'] : [])],
          async () => {
            engine.reserveConcurrency(functionName(name), 0);
            for (let call = 0; call < 5; call++) await engine.invoke(functionName(name), {});
            if (name === 'api') expect((await fetch(`${engine.apiUrl}/v1/_ping`)).status).toBeGreaterThanOrEqual(500);
          },
          async () => engine.reserveConcurrency(functionName(name)),
        ),
      ),
    );
  });

  it('and none is left out, none cried wolf in between, and whoever is on call heard of each', async () => {
    const { alarms } = system.engine;
    expect([...drilled].sort()).toEqual(alarms.all.map(({ name }) => name).sort());

    const heard: { name: string; state: string }[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: onCall, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
      );
      if (Messages.length === 0) break;
      for (const { Body = '' } of Messages) {
        const { Message } = z.object({ Message: z.string() }).parse(JSON.parse(Body));
        const notice = z.object({ AlarmName: z.string(), NewStateValue: z.string() }).parse(JSON.parse(Message));
        heard.push({ name: notice.AlarmName, state: notice.NewStateValue });
      }
      await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: onCall,
          Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
        }),
      );
    }
    for (const name of drilled) {
      const alarmed = alarms.changes.filter((change) => change.name === name && change.state === 'ALARM');
      expect(alarmed, name).toHaveLength(1);
      const states = heard.filter((notice) => notice.name === name).map(({ state }) => state);
      expect(states, name).toContain('ALARM');
      expect(states.lastIndexOf('OK'), name).toBeGreaterThan(states.lastIndexOf('ALARM'));
    }
    expect(system.engine.warnings).toEqual([]);
  });
});
