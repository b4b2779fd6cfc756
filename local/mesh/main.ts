import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leapingClock } from '../clock.ts';
import { createPki } from '../pki/pki.ts';
import { parseOptions, usage } from './options.ts';
import { folderFault, markFolder, removeRun, runFilePath, type SimulatorRun, writeRun } from './run-file.ts';
import { startMeshSimulator } from './simulator.ts';
import { mailboxes, patients, sharedKey } from './test-mailboxes.ts';

/** `npm run mesh-simulator`: the MESH simulator alone, for anybody's client (docs/mesh-simulator.md). */

const refuse = (sentence: string): never => {
  console.error(sentence);
  process.exit(1);
};

const parsed = parseOptions(process.argv.slice(2));
if (parsed.kind === 'help') {
  console.log(usage);
  process.exit(0);
}
if (parsed.kind === 'problem') {
  console.error(`${parsed.sentence}\n\n${usage}`);
  process.exit(1);
}
const { dir, port, tls, maxBodyBytes, endWithInput } = parsed.options;

const fault = folderFault(dir);
if (fault !== undefined) refuse(fault);
mkdirSync(dir, { recursive: true });
markFolder(dir);

const clock = leapingClock();
const pki = await createPki({ now: clock.now() });
const started = startMeshSimulator({
  clock,
  pki,
  mailboxes,
  sharedKey,
  patients,
  settings: { maxBodyBytes },
  tls,
  bodiesDir: join(dir, 'bodies'),
  port,
});
const simulator = await started.catch((error: NodeJS.ErrnoException) =>
  refuse(error.code === 'EADDRINUSE' ? `Port ${port} is taken. Give another: --port NUMBER.` : error.message),
);

const pemFiles = async (): Promise<Pick<SimulatorRun, 'ca' | 'cert' | 'key'>> => {
  if (tls === 'none') return {};
  const write = (name: string, text: string) => {
    const path = join(dir, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const ca = write('ca.pem', pki.ca);
  if (tls === 'server') return { ca };
  const { certificate, privateKey } = await pki.issueClient('client.X26.api.mesh-client.nhs.uk');
  return { ca, cert: write('client.pem', certificate), key: write('client.key', privateKey) };
};

const files = await pemFiles();
const run: SimulatorRun = {
  pid: process.pid,
  baseUrl: simulator.url,
  sharedKey,
  ...files,
  mailboxes: mailboxes.map(({ mailboxId, password, odsCode, name }) => ({ mailboxId, password, odsCode, name })),
};
writeRun(dir, run);

const rows = mailboxes.map(({ mailboxId, password, odsCode, name }) =>
  ['  ', mailboxId.padEnd(13), password.padEnd(10), odsCode.padEnd(8), name].join(''),
);
const lines = [
  ['Base URL', run.baseUrl],
  ['CA', files.ca],
  ['Client certificate', files.cert],
  ['Client key', files.key],
  ['Shared key', sharedKey],
  ['For programs', runFilePath(dir)],
].flatMap(([name = '', value]) => (value === undefined ? [] : [`${name.padEnd(20)}${value}`]));
console.log(`The MESH simulator is up. Only made-up data belongs in it.

${lines.join('\n')}

  Mailbox      Password  ODS     Name
${rows.join('\n')}

Routes, faults and the clock: docs/mesh-simulator.md. Ctrl-C ends it.`);

let ending = false;
const end = () => {
  if (ending) return;
  ending = true;
  removeRun(dir);
  void simulator.close().then(() => process.exit(0));
};
process.on('SIGINT', end).on('SIGTERM', end);
if (endWithInput) process.stdin.on('end', end).resume();
