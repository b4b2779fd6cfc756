import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** `simulator.json`: how a client of any kind gets in. Paths are absolute. */
export const simulatorRun = z.object({
  pid: z.number(),
  baseUrl: z.string(),
  sharedKey: z.string(),
  /** PEM files; absent without TLS. */
  ca: z.string().exactOptional(),
  cert: z.string().exactOptional(),
  key: z.string().exactOptional(),
  mailboxes: z.array(z.object({ mailboxId: z.string(), password: z.string(), odsCode: z.string(), name: z.string() })),
});
export type SimulatorRun = z.infer<typeof simulatorRun>;

const name = 'simulator.json';
/** Stays in the folder after a run, so that the next one knows it for its own. */
const marker = '.mesh-simulator';

export const runFilePath = (dir: string): string => join(dir, name);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Undefined where this folder may be used, otherwise why not. */
export const folderFault = (dir: string): string | undefined => {
  if (!existsSync(dir)) return undefined;
  const there = readdirSync(dir);
  if (there.length > 0 && !there.includes(marker)) {
    return `${dir} holds files that are not the simulator's. Give it a folder of its own: --dir FOLDER.`;
  }
  if (!there.includes(name)) return undefined;
  const read = simulatorRun.safeParse(JSON.parse(readFileSync(runFilePath(dir), 'utf8')));
  if (!read.success || !isAlive(read.data.pid)) return undefined;
  return `Another simulator (process ${read.data.pid}) runs in ${dir}. Stop it, or give this one its own --dir.`;
};

export const markFolder = (dir: string): void => writeFileSync(join(dir, marker), '');

/** Whole or not at all: another program may be waiting for it. */
export const writeRun = (dir: string, run: SimulatorRun): void => {
  const draft = `${runFilePath(dir)}.new`;
  writeFileSync(draft, `${JSON.stringify(run, undefined, 2)}\n`);
  renameSync(draft, runFilePath(dir));
};

export const removeRun = (dir: string): void => rmSync(runFilePath(dir), { force: true });
