import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { practice, type Rig, sender, sharedKey, startRig } from '../../../contract/mesh/rig.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const example = join(root, 'shared/mesh/example.ts');

let rig: Rig;
let folder: string;
beforeAll(async () => {
  rig = await startRig();
  folder = mkdtempSync(join(tmpdir(), 'mesh-example-'));
});
afterAll(async () => {
  await rig.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('the README shows the example as it stands', () => {
  const readme = readFileSync(join(root, 'shared/mesh/README.md'), 'utf8');
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(shown).toBe(readFileSync(example, 'utf8'));
});

test('the library can be taken out: of the project it needs the clock alone', () => {
  const folder = join(root, 'shared/mesh');
  const imported = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from),
    )
    .filter((from) => !from?.startsWith('./') && !from?.startsWith('node:'));
  expect([...new Set(imported)].sort()).toEqual(['../platform/clock.ts', 'zod']);
});

test('the example sends a file and collects what waits', async () => {
  const { certificate, privateKey } = rig.clientCertificate;
  const secrets = [
    write('environment.json', JSON.stringify({ sharedKey, ca: rig.pki.ca })),
    write('mailbox.json', JSON.stringify({ certificate, privateKey, password: sender.password })),
  ];
  const waiting = rig.simulator.control.deliver(sender.mailboxId, {
    from: practice.mailboxId,
    workflowId: 'GPFED_CONSULT_REPORT_ACK',
    content: Buffer.from('<Bundle/>'),
  });
  const child = spawn(process.execPath, ['--import', 'tsx', example, write('message.xml', '<Bundle>1</Bundle>')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      MESH_ENVIRONMENT: 'local',
      MESH_URL: rig.simulator.url,
      MESH_MAILBOX: sender.mailboxId,
      MESH_TO: practice.mailboxId,
      MESH_WORKFLOW: 'GPFED_CONSULT_REPORT',
      MESH_SECRETS: secrets.join(','),
    },
  });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const [code] = await once(child, 'close');
  const [sent] = rig.simulator.control.sent();
  expect(said.trim().split('\n')).toEqual([`sent as ${sent?.meshMessageId}`, `collected ${waiting}, 9 bytes`, 'done']);
  expect(code).toBe(0);
  expect(sent?.body.toString()).toBe('<Bundle>1</Bundle>');
  expect(rig.simulator.control.inbox(sender.mailboxId)).toEqual([]);
});
