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
import { type MeshSimulator, startMeshSimulator } from '../../local/mesh/simulator.ts';
import { makeDrop } from '../../local/samples/variants.ts';
import { applyEvent, indexedRecord } from '../../shared/delivery/documents.ts';
import { documentKey, sweepKey } from '../../shared/delivery/keys.ts';
import { openDocuments } from '../../shared/delivery/open-attention.ts';
import { reduce } from '../../shared/delivery/reduce.ts';
import { dynamoDbTable } from '../../shared/platform/aws/dynamodb-table.ts';
import { days, hours, minutes } from '../../shared/platform/clock.ts';
import { mailboxSecretName } from '../../shared/platform/names.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { eventually, type SystemUnderTest, startForTest } from '../support/local-system.ts';
import { dropOf, dropped } from '../support/records.ts';
import { putMailbox } from '../support/registry.ts';

/**
 * Every alarm of the templates is made to go off by its cause, and to end by its cure, in the system as `npm start` runs
 * it: metrics come from what the functions print and from the local queues. Somebody on call hears of each, twice.
 */

/** A minute is two seconds: fast enough for alarms that look back a quarter of an hour, slow enough for real functions. */
const timeScale = 30;
/** Real, for one alarm to change on a machine that does much else: about five times what it takes. */
const patience = 120_000;

/** The mailbox that nobody polls has an alarm of its own, and so has one that is well, whose alarm must stay quiet. */
const dead = 'RX3OT001';
const well = 'RX1OT001';

let system: SystemUnderTest;
let table: ReturnType<typeof dynamoDbTable>;
let plain: DynamoDBDocumentClient;
let sqs: SQSClient;
let secrets: SecretsManagerClient;
let clock: { now(): number };
let onCall: string;
/** A second MESH, which knows the mailboxes that only this drill has. */
let otherMesh: MeshSimulator;

const client = <C>(of: new (setting: object) => C, endpoint: string): C =>
  new of({ endpoint, region: system.run.region, credentials: { ...system.run.credentials } });

beforeAll(async () => {
  system = await startForTest({ timeScale, settings: { mailboxes: [well, dead] } });
  const { run, engine, world } = system;
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
  otherMesh = await startMeshSimulator({
    clock: scaledClock(timeScale, run.clock.origin, run.clock.realOrigin),
    pki: world.pki,
    mailboxes: [locked, silent],
    sharedKey: world.sharedKey,
    patients: [],
  });
});
afterAll(async () => {
  for (const each of [sqs, secrets, plain]) each?.destroy();
  await otherMesh?.close();
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

/** Registered before its secret is there. */
const locked = { mailboxId: 'RX2OT001', odsCode: 'RX2', name: 'Locked', password: 'of-locked' };
/** Its MESH has not answered for as long as anybody can tell. */
const silent = { mailboxId: dead, odsCode: 'RX3', name: 'Silent', password: 'of-silent' };

const mailboxOf = ({ mailboxId, odsCode }: typeof silent, baseUrl: string) =>
  mailboxFile.parse({ mailboxId, odsCode, environment: 'local', baseUrl, pollEverySeconds: 60 });
const nameOfSecret = (mailboxId: string) => mailboxSecretName('local', mailboxId);
const secretOf = async (who: { mailboxId: string; password: string }, daysLeft: number) =>
  JSON.stringify({
    ...(await system.world.pki.issueClient(who.mailboxId, { notAfter: clock.now() + days(daysLeft) })),
    password: who.password,
  });

const replaceSecret = async (who: { mailboxId: string; password: string }, daysLeft: number) =>
  secrets.send(
    new PutSecretValueCommand({
      SecretId: nameOfSecret(who.mailboxId),
      SecretString: await secretOf(who, daysLeft),
    }),
  );

/** What lies on the on-call queue now, in the order of its arrival; it is taken off. */
const notices = async (): Promise<{ name: string; state: string }[]> => {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: onCall, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  if (Messages.length === 0) return [];
  await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: onCall,
      Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    }),
  );
  return Messages.map(({ Body = '' }) => {
    const { Message } = z.object({ Message: z.string() }).parse(JSON.parse(Body));
    const notice = z.object({ AlarmName: z.string(), NewStateValue: z.string() }).parse(JSON.parse(Message));
    return { name: notice.AlarmName, state: notice.NewStateValue };
  });
};

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

const failingAndThrottled = async (name: Name): Promise<void> => {
  const { engine, run } = system;
  const failing = `${functions[name]}/Failing`;
  if (name === 'watch') {
    // It takes whatever starts it: what it remembers is spoilt instead.
    const item = { pk: sweepKey };
    await drill(
      [failing],
      () => plain.send(new PutCommand({ TableName: run.tableName, Item: item })),
      () => plain.send(new DeleteCommand({ TableName: run.tableName, Key: item })),
    );
  }
  // An authoriser refuses by failing: that it does is no alarm.
  const failsWhenAsked = name !== 'watch' && name !== 'authorise';
  await drill(
    [
      ...(failsWhenAsked ? [failing] : []),
      `${functions[name]}/Throttled`,
      ...(name === 'api' ? ['Api/ServerErrors'] : []),
    ],
    async () => {
      if (failsWhenAsked) expect(await engine.invoke(functionName(name), {})).toMatchObject({ kind: 'failed' });
      engine.reserveConcurrency(functionName(name), 0);
      for (let call = 0; call < 5; call++) await engine.invoke(functionName(name), {});
      if (name === 'api') expect((await fetch(`${engine.apiUrl}/v1/_ping`)).status).toBeGreaterThanOrEqual(500);
    },
    async () => engine.reserveConcurrency(functionName(name)),
  );
};

describe('every alarm goes off by its cause and ends by its cure', () => {
  it.concurrent('of messages and documents', async () => {
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
      async () => {
        // The document of the drill beside needs a person too, once it is rejected: only when all are dealt with it ends.
        await unsent;
        for (const { record } of await openDocuments(table)) {
          await applyEvent(
            { table, clock: { now: clock.now, sleep: async () => undefined }, settings },
            record.documentId,
            {
              kind: 'resolved',
              by: 'drill',
              route: 'not-needed',
            },
          );
        }
      },
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

    await Promise.all([...queueDrills, unsent, attention, quarantine]);
  });

  it.concurrent('of mailboxes: one has a circuit open, one is not polled, and the third is well', async () => {
    const { world } = system;
    const circuit = drill(
      ['Mailboxes/CircuitOpen'],
      () => putMailbox(table, mailboxOf(locked, otherMesh.url), clock.now()),
      async () =>
        secrets.send(
          new CreateSecretCommand({
            Name: nameOfSecret(locked.mailboxId),
            SecretString: await secretOf(locked, 200),
          }),
        ),
    );
    const certificate = drill(
      ['Mailboxes/CertificateEndsWithinThirtyDays', 'Mailboxes/CertificateEndsWithinFourteenDays'],
      async () => replaceSecret(world.sender, 10),
      async () => replaceSecret(world.sender, 200),
    );
    const heartbeat = drill(
      ['Mailboxes/PollHeartbeatMissing', `${dead}/NotPolled`],
      async () => {
        await secrets.send(
          new CreateSecretCommand({ Name: nameOfSecret(dead), SecretString: await secretOf(silent, 200) }),
        );
        await putMailbox(table, mailboxOf(silent, 'https://127.0.0.1:9'), clock.now() - minutes(20));
      },
      async () => {
        expect(system.engine.alarms.stateOf(alarm(`${well}/NotPolled`))).toBe('OK');
        await putMailbox(table, mailboxOf(silent, otherMesh.url), clock.now());
      },
    );
    await Promise.all([circuit, certificate, heartbeat]);
  });

  it.concurrent('of functions: each fails, and is not let run', async () => {
    await Promise.all(names.map(failingAndThrottled));
  });
});

describe('afterwards', () => {
  it('none was left out, none cried wolf in between, and whoever is on call heard of each', async () => {
    const { alarms } = system.engine;
    const quiet = alarm(`${well}/NotPolled`);
    expect([...drilled, quiet].sort()).toEqual(alarms.all.map(({ name }) => name).sort());
    expect(alarms.changes.filter(({ name, state }) => name === quiet && state === 'ALARM')).toEqual([]);

    const heard: { name: string; state: string }[] = [];
    const statesOf = (name: string) => heard.filter((notice) => notice.name === name).map(({ state }) => state);
    await eventually(
      async () => {
        heard.push(...(await notices()));
        return [...drilled].every((name) => statesOf(name).at(-1) === 'OK') ? true : undefined;
      },
      patience,
      () => `not told of the end of all: ${JSON.stringify(heard)}`,
    );
    for (const name of drilled) {
      const alarmed = alarms.changes.filter((change) => change.name === name && change.state === 'ALARM');
      expect(alarmed, name).toHaveLength(1);
      expect(statesOf(name), name).toContain('ALARM');
    }
    expect(system.engine.warnings).toEqual([]);
  });
});
