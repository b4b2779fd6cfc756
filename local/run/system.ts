import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CommandOptions } from '../../shared/operate/command.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { targetOf } from '../../shared/operate/target.ts';
import { apiScopes } from '../../shared/platform/api-routes.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { senderFile } from '../../shared/senders/sender.ts';
import { isJsonObject, type JsonObject } from '../aws/events/pattern.ts';
import { scaledClock } from '../clock.ts';
import { type Engine, startEngine } from '../engine/engine.ts';
import { synthesise } from '../engine/synthesise.ts';
import { type Issuer, startIssuer } from '../issuer/issuer.ts';
import { type MeshSimulator, startMeshSimulator } from '../mesh/simulator.ts';
import { type RunFile, readRunFile, runFilePath, writeRunFile } from '../run-file.ts';
import { TEST_PATIENTS } from '../samples/test-patients.ts';
import { createWorld, type LocalWorld, registeredPatients, stage, storeSecrets } from './environment.ts';
import type { PortName } from './options.ts';
import { type KeptMail, openPostBox } from './post-box.ts';
import { startPractice } from './practice-process.ts';
import { type SampleSubmission, writeSampleSubmission } from './sample-submission.ts';

/** Everything that a local run brings up, ready for a drop. */
export interface LocalSystem {
  readonly run: RunFile;
  readonly engine: Engine;
  readonly mesh: MeshSimulator;
  readonly world: LocalWorld;
  readonly issuer: Issuer;
  /** Signs by the machine's time, as a provider's client does. */
  readonly s3: S3Client;
  /** The sample, written down as a caller of the API posts it. */
  readonly submission: SampleSubmission;
  close(): Promise<void>;
}

export interface SystemSetting {
  /** State folder; what an earlier run left in it is removed. */
  readonly dir: string;
  readonly timeScale: number;
  readonly ports?: Partial<Readonly<Record<PortName, number>>>;
  /** Overrides of stage settings, as the CDK context `settings` (tests). */
  readonly settings?: JsonObject;
  readonly tell?: (step: string) => void;
  /** Told of each e-mail that was kept. */
  readonly onMail?: (mail: KeptMail) => void;
  /** Aborted: nothing further is brought up. */
  readonly signal?: AbortSignal;
}

const sample = (name: string) => fileURLToPath(new URL(`../samples/${name}`, import.meta.url));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Says that a folder is a run's own, so that what an earlier run left in it may be removed. */
const marker = '.send-document-run';

/** Empties the state folder, unless another run lives in it, or it is somebody's own. */
const prepare = (dir: string): void => {
  const there = existsSync(dir) ? readdirSync(dir) : [];
  if (there.length > 0 && !there.includes(marker)) {
    throw new Error(`${dir} holds files that are not a run's. Give the run a folder of its own: --dir FOLDER.`);
  }
  const other = readRunFile(dir);
  if (other && other.pid !== process.pid && isAlive(other.pid)) {
    throw new Error(
      `Another run (process ${other.pid}) has its state in ${dir}. Stop it, or give this one its own --dir.`,
    );
  }
  for (const part of there) rmSync(join(dir, part), { recursive: true, force: true });
  mkdirSync(join(dir, 'practice'), { recursive: true });
  writeFileSync(join(dir, marker), '');
};

/** Done by the operator that a run brings with it. */
const operated = async (dir: string, words: readonly string[], options: CommandOptions = {}): Promise<void> => {
  const target = targetOf({ dir });
  if (target.kind === 'problem') throw new Error(target.sentence);
  const readText = (path: string) => readFileSync(path, 'utf8');
  const { ok, lines } = await runCommand(words, { ...target, readText }, options);
  if (!ok) throw new Error(lines.join('\n'));
};

const enginePorts = ({
  s3 = 0,
  sqs = 0,
  sns = 0,
  dynamodb = 0,
  secretsmanager = 0,
  api = 0,
}: NonNullable<SystemSetting['ports']>) => ({
  s3,
  sqs,
  sns,
  dynamodb,
  secrets: secretsmanager,
  api,
});

/** What the sample's client calls itself; tokens are for the audience that the stage names. */
const sampleClient = 'sample-client';
const audience = 'send-document';

/** A run's settings: whatever a test varies, and tokens of its own issuer. */
const settingsOf = (given: JsonObject, { issuer, jwksUrl }: Issuer): JsonObject => ({
  ...given,
  api: { ...(isJsonObject(given.api) ? given.api : {}), tokenIssuer: issuer, tokenAudience: audience, jwksUrl },
});

export const startSystem = async (setting: SystemSetting): Promise<LocalSystem> => {
  const { dir, timeScale, ports = {}, tell = () => undefined, signal } = setting;
  prepare(dir);
  const closing: (() => Promise<void> | void)[] = [];
  const close = async () => {
    rmSync(runFilePath(dir), { force: true });
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const realOrigin = Date.now();
    const origin = realOrigin;
    const clock = scaledClock(timeScale, origin, realOrigin);
    // Before the rest, because the functions are deployed with its address.
    const issuer = await startIssuer({ clock, audience, ...(ports.issuer ? { port: ports.issuer } : {}) });
    closing.push(() => issuer.close());

    tell('Synthesising the CDK app');
    const assemblyDir = join(dir, 'cdk.out');
    await synthesise({
      stage,
      outDir: assemblyDir,
      context: { settings: settingsOf(setting.settings ?? {}, issuer) },
      ...(signal ? { signal } : {}),
    });

    const mailDir = join(dir, 'mail');
    const postBox = openPostBox(mailDir, setting.onMail);
    signal?.throwIfAborted();
    tell('Starting queues, buckets, table, secrets and functions');
    const engine = await startEngine({
      assemblyDir,
      stateDir: dir,
      clock,
      ports: enginePorts(ports),
      onEmail: (to, subject, message) => postBox.take({ at: clock.now(), to, subject, message }),
    });
    closing.push(() => engine.close());

    signal?.throwIfAborted();
    tell('Starting MESH and a GP practice');
    const mailbox = mailboxFile.parse(JSON.parse(readFileSync(sample('mailbox.json'), 'utf8')));
    const sender = senderFile.parse(JSON.parse(readFileSync(sample('sender.json'), 'utf8')));
    const world = await createWorld(clock.now(), { ...sender, mailboxId: mailbox.mailboxId }, () =>
      randomBytes(12).toString('hex'),
    );
    const mesh = await startMeshSimulator({
      clock,
      pki: world.pki,
      mailboxes: [world.sender, world.practice],
      sharedKey: world.sharedKey,
      patients: registeredPatients(world),
      bodiesDir: join(dir, 'mesh'),
      ...(ports.mesh ? { port: ports.mesh } : {}),
    });
    closing.push(() => mesh.close());
    const { region } = engine;
    // SDK clients write notes of their own into the object that they are given: each gets a copy.
    const credentials = {
      accessKeyId: engine.credentials.accessKeyId,
      secretAccessKey: engine.credentials.secretAccessKey,
    };
    const secrets = new SecretsManagerClient({
      endpoint: engine.secretsEndpoint,
      region,
      credentials: { ...credentials },
    });
    await storeSecrets(secrets, world);
    secrets.destroy();
    const practiceDir = join(dir, 'practice');
    const practice = await startPractice(
      {
        meshUrl: mesh.url,
        mailboxes: [world.practice],
        sharedKey: world.sharedKey,
        ca: world.pki.ca,
        ...world.practiceCertificate,
        pollEveryMs: 20_000,
        clock: { scale: timeScale, origin, realOrigin },
        knownPatients: TEST_PATIENTS.map(({ nhsNumber }) => nhsNumber),
        stateDir: practiceDir,
      },
      engine.logDir,
    );
    closing.push(() => practice.close());

    const { apiUrl } = engine;
    if (apiUrl === undefined) throw new Error('The infrastructure has no API.');
    const client = { clientId: sampleClient, clientSecret: randomBytes(12).toString('hex') };
    issuer.register({ ...client, scopes: Object.values(apiScopes) });
    const run: RunFile = {
      pid: process.pid,
      s3Endpoint: engine.s3Endpoint,
      sqsEndpoint: engine.sqsEndpoint,
      dynamodbEndpoint: engine.dynamodbEndpoint,
      secretsManagerEndpoint: engine.secretsEndpoint,
      snsEndpoint: engine.snsEndpoint,
      noticesTopicArn: engine.resources.output('NoticesTopicArn'),
      eventsTopicArn: engine.resources.output('EventsTopicArn'),
      region,
      credentials,
      inboxBucket: engine.resources.output('InboxBucketName'),
      senderOdsCode: sender.odsCode,
      tableName: engine.resources.output('TableName'),
      apiUrl,
      issuer: { tokenUrl: issuer.tokenUrl, ...client },
      meshUrl: mesh.url,
      logDir: engine.logDir,
      mailDir,
      practiceDir,
      timeScale,
      clock: { origin, realOrigin },
    };
    writeRunFile(dir, run);
    const mailboxPath = join(dir, 'mailbox.json');
    writeFileSync(mailboxPath, JSON.stringify({ ...mailbox, baseUrl: mesh.url }, undefined, 2));
    const who = { by: 'npm start', why: 'the sample of the one-machine run' };
    await operated(dir, ['mailbox', 'put', mailboxPath], who);
    await operated(dir, ['sender', 'put', sample('sender.json')], who);
    // The sample's people are nobody's: the run confirms their addresses, by the same command as an operator.
    for (const address of new Set(Object.values(sender.addresses).flat())) {
      const token = postBox.tokenFor(address);
      if (token === undefined) throw new Error(`No e-mail asked ${address} to confirm.`);
      await operated(dir, ['sender', 'address', 'confirm', sender.odsCode, address, token], who);
    }
    await operated(dir, ['sender', 'activate', sender.odsCode], who);
    const clientPath = join(dir, 'client.json');
    writeFileSync(clientPath, JSON.stringify({ clientId: sampleClient, odsCode: sender.odsCode }, undefined, 2));
    await operated(dir, ['client', 'put', clientPath], who);
    const s3 = new S3Client({ endpoint: run.s3Endpoint, region, credentials: { ...credentials } });
    closing.push(() => s3.destroy());
    const submission = writeSampleSubmission(dir, sender.odsCode);
    return { run, engine, mesh, world, issuer, s3, submission, close };
  } catch (error) {
    await close();
    throw error;
  }
};
