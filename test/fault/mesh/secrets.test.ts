import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { realClock } from '../../../local/clock.ts';
import { systemIds } from '../../../shared/platform/ids.ts';
import { environmentSecretName, mailboxSecretName } from '../../../shared/platform/names.ts';
import type { SecretSource } from '../../../shared/platform/secrets.ts';
import { connect } from '../../../shared/senders/connection.ts';
import { mailboxFile } from '../../../shared/senders/mailbox.ts';
import { type Rig, sender, sharedKey, startRig } from '../../contract/mesh/rig.ts';

// The secrets change while a function has the old ones in its cache: no deployment, no restart, no circuit.

const clock = realClock();
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());

const own = (changes: object = {}) =>
  JSON.stringify({ ...rig.clientCertificate, password: sender.password, ...changes });
const environment = () => JSON.stringify({ sharedKey, ca: rig.pki.ca });

/** What the cache holds, and what is stored. */
const source = (cached: string, stored: string) => {
  const asked: boolean[] = [];
  const secrets: SecretSource = {
    async read(name, { fresh = false } = {}) {
      if (name === environmentSecretName('test')) return environment();
      if (name !== mailboxSecretName('test', sender.mailboxId)) return undefined;
      asked.push(fresh);
      return fresh ? stored : cached;
    },
  };
  return { secrets, asked };
};
const open = (secrets: SecretSource) =>
  connect(
    { stage: 'test', secrets, clock, ids: systemIds },
    mailboxFile.parse({
      mailboxId: sender.mailboxId,
      odsCode: sender.odsCode,
      environment: 'local',
      baseUrl: rig.simulator.url,
    }),
    () => clock.now() + 60_000,
  );

test('a new password is read when MESH refuses the old one', async () => {
  const { secrets, asked } = source(own({ password: 'old' }), own());
  const connection = await open(secrets);
  if (connection.kind !== 'ok') throw new Error(connection.reason);
  expect((await connection.client.handshake()).kind).toBe('ok');
  expect(asked).toEqual([false, true]);
  connection.client.close();
});

test('a secret put right is read past the cache before it is called wrong', async () => {
  const { privateKey } = await rig.pki.issueClient('other');
  const { secrets, asked } = source(own({ privateKey }), own());
  const connection = await open(secrets);
  if (connection.kind !== 'ok') throw new Error(connection.reason);
  expect((await connection.client.handshake()).kind).toBe('ok');
  expect(asked).toEqual([false, true]);
  connection.client.close();
});

test('a secret that is wrong stays a configuration fault, in a sentence', async () => {
  const { privateKey } = await rig.pki.issueClient('other');
  const { secrets } = source(own({ privateKey }), own({ privateKey }));
  expect(await open(secrets)).toMatchObject({
    kind: 'configuration',
    reason: 'The private key does not belong to the client certificate.',
  });
});
