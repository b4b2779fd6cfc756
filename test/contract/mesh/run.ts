import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readSimulatorFile } from './api/simulator-file.ts';

/** `npm run contract:mesh`: the contract suite against any MESH. Ends with 0 where nothing failed. */

const usage = `Usage: npm run contract:mesh -- --base-url URL --mailbox ID --recipient ID [options]
       npm run contract:mesh -- --run FOLDER/simulator.json
  --base-url URL            what stands before /messageexchange; http:// on this machine only
  --mailbox ID              mailbox that sends
  --recipient ID            mailbox that receives (default: the same one)
  --password TEXT           of --mailbox; better in MESH_CONTRACT_PASSWORD
  --recipient-password TEXT of --recipient; better in MESH_CONTRACT_RECIPIENT_PASSWORD (default: the same)
  --shared-key TEXT         of the environment; better in MESH_CONTRACT_SHARED_KEY
  --ca FILE                 PEM of the authorities that signed the server's certificate
  --cert FILE --key FILE    PEM of the client certificate and its key
  --workflow ID             workflow that --mailbox may send and --recipient takes (default API-DOCS-TEST)
  --unroutable ADDRESS      GPPROVIDER_… of a made-up patient that this MESH cannot route: a report is waited for
  --run FILE                all of these from the simulator.json of npm run mesh-simulator
  --help                    this text

It sends about 600 small messages to the recipient, and acknowledges those and no others. What the server does not
offer (admin routes, a clock to move, lost answers) is reported as skipped, with the reason. Only made-up data is sent.`;

const fail = (sentence: string): never => {
  console.error(`${sentence}\n\n${usage}`);
  process.exit(2);
};

const text = { type: 'string' } as const;
const parse = () =>
  parseArgs({
    options: {
      'base-url': text,
      mailbox: text,
      recipient: text,
      password: text,
      'recipient-password': text,
      'shared-key': text,
      ca: text,
      cert: text,
      key: text,
      workflow: text,
      unroutable: text,
      run: text,
      help: { type: 'boolean' },
    },
  }).values;
type Values = ReturnType<typeof parse>;

const readOptions = (): Values => {
  try {
    return parse();
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'These options cannot be read.');
  }
};

const fromRun = (path: string): Values => {
  if (!existsSync(path)) return fail(`${path} is not there: is the simulator up?`);
  const { baseUrl, sharedKey, sender, recipient, files } = readSimulatorFile(path);
  return {
    'base-url': baseUrl,
    'shared-key': sharedKey,
    mailbox: sender.mailboxId,
    password: sender.password,
    recipient: recipient.mailboxId,
    'recipient-password': recipient.password,
    ...files,
  };
};

const options = readOptions();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const given: Values = { ...(options.run === undefined ? {} : fromRun(resolve(options.run))), ...options };

const { env } = process;
const baseUrl = given['base-url'] ?? fail('--base-url is needed.');
const mailbox = given.mailbox ?? fail('--mailbox is needed.');
const password = given.password ?? env.MESH_CONTRACT_PASSWORD ?? fail('The password of --mailbox is needed.');
const url = URL.canParse(baseUrl) ? new URL(baseUrl) : fail('--base-url is no URL.');
if (url.protocol !== 'https:' && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) {
  fail('Without TLS only a server on this machine is asked.');
}
for (const name of ['ca', 'cert', 'key'] as const) {
  const path = given[name];
  if (path !== undefined && !existsSync(path)) fail(`--${name}: ${path} is not there.`);
}

const settings: Record<string, string | undefined> = {
  MESH_CONTRACT_BASE_URL: baseUrl.replace(/\/+$/, '').replace(/\/messageexchange$/, ''),
  MESH_CONTRACT_SHARED_KEY: given['shared-key'] ?? env.MESH_CONTRACT_SHARED_KEY ?? fail('--shared-key is needed.'),
  MESH_CONTRACT_MAILBOX: mailbox,
  MESH_CONTRACT_PASSWORD: password,
  MESH_CONTRACT_RECIPIENT: given.recipient ?? mailbox,
  MESH_CONTRACT_RECIPIENT_PASSWORD: given['recipient-password'] ?? env.MESH_CONTRACT_RECIPIENT_PASSWORD ?? password,
  MESH_CONTRACT_CA: given.ca,
  MESH_CONTRACT_CERT: given.cert,
  MESH_CONTRACT_KEY: given.key,
  MESH_CONTRACT_WORKFLOW: given.workflow,
  MESH_CONTRACT_UNROUTABLE: given.unroutable,
};
const vitest = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'contract', '--reporter=verbose', 'test/contract/mesh/api'],
  { stdio: 'inherit', env: { ...env, ...settings } },
);
vitest.on('exit', (code) => process.exit(code ?? 1));
