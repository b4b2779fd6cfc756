import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readSimulatorFile } from './simulator-file.ts';

export interface MailboxAccess {
  readonly mailboxId: string;
  readonly password: string;
}

/** A MESH, and how to get in. */
export interface Endpoint {
  readonly baseUrl: string;
  readonly sharedKey: string;
  /** PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly sender: MailboxAccess;
  /** May be the sender's own. */
  readonly recipient: MailboxAccess;
  readonly workflowId: string;
  /** `GPPROVIDER_…` of a patient whom this MESH cannot route; a report must follow. */
  readonly unroutable?: string;
  /** Nothing may be skipped: this is our own simulator. */
  readonly complete: boolean;
  close(): Promise<void>;
}

const environment = z.object({
  MESH_CONTRACT_BASE_URL: z.url(),
  MESH_CONTRACT_SHARED_KEY: z.string(),
  MESH_CONTRACT_CA: z.string().optional(),
  MESH_CONTRACT_CERT: z.string().optional(),
  MESH_CONTRACT_KEY: z.string().optional(),
  MESH_CONTRACT_MAILBOX: z.string(),
  MESH_CONTRACT_PASSWORD: z.string(),
  MESH_CONTRACT_RECIPIENT: z.string(),
  MESH_CONTRACT_RECIPIENT_PASSWORD: z.string(),
  MESH_CONTRACT_WORKFLOW: z.string().default('API-DOCS-TEST'),
  MESH_CONTRACT_UNROUTABLE: z.string().optional(),
});

const pem = (name: 'ca' | 'cert' | 'key', path: string | undefined) =>
  path === undefined ? {} : { [name]: readFileSync(path, 'utf8') };

const fromEnvironment = (): Endpoint => {
  const given = environment.parse(process.env);
  return {
    baseUrl: given.MESH_CONTRACT_BASE_URL,
    sharedKey: given.MESH_CONTRACT_SHARED_KEY,
    ...pem('ca', given.MESH_CONTRACT_CA),
    ...pem('cert', given.MESH_CONTRACT_CERT),
    ...pem('key', given.MESH_CONTRACT_KEY),
    sender: { mailboxId: given.MESH_CONTRACT_MAILBOX, password: given.MESH_CONTRACT_PASSWORD },
    recipient: { mailboxId: given.MESH_CONTRACT_RECIPIENT, password: given.MESH_CONTRACT_RECIPIENT_PASSWORD },
    workflowId: given.MESH_CONTRACT_WORKFLOW,
    ...(given.MESH_CONTRACT_UNROUTABLE === undefined ? {} : { unroutable: given.MESH_CONTRACT_UNROUTABLE }),
    complete: false,
    close: async () => undefined,
  };
};

/** Started the way that anybody starts it; it ends with this process, whatever happens to it. */
const simulator = async (): Promise<Endpoint> => {
  const dir = mkdtempSync(join(tmpdir(), 'mesh-contract-'));
  const folder = join(dir, 'run');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'local/mesh/main.ts', '--dir', folder, '--end-with-input'],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk;
  });
  const written = join(folder, 'simulator.json');
  while (!existsSync(written)) {
    if (child.exitCode !== null) throw new Error(`The simulator did not start: ${complaint}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { files, ...run } = readSimulatorFile(written);
  return {
    ...run,
    ...pem('ca', files.ca),
    ...pem('cert', files.cert),
    ...pem('key', files.key),
    workflowId: 'API-DOCS-TEST',
    complete: true,
    async close() {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.stdin.end();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** Whatever the environment names, or our own simulator. */
export const openEndpoint = async (): Promise<Endpoint> =>
  process.env.MESH_CONTRACT_BASE_URL === undefined ? simulator() : fromEnvironment();
