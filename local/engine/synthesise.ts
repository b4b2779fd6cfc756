import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Json } from '../aws/events/pattern.ts';

export interface Synthesis {
  readonly stage: string;
  /** Where the cloud assembly is written. Several may be made at a time, each in its own folder. */
  readonly outDir: string;
  /** CDK context beyond that of cdk.json. */
  readonly context?: Readonly<Record<string, Json>>;
  /** Aborted: the program is ended, and nobody is told about its output. */
  readonly signal?: AbortSignal;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const cdkJson = z.looseObject({ app: z.string(), context: z.record(z.string(), z.json()).default({}) });

/**
 * Runs the CDK app as the CLI would, without the CLI and without Docker: same program, same context. Throws with what
 * the app printed when it fails (a finding of cdk-nag is a failure).
 */
export const synthesise = async ({ stage, outDir, context = {}, signal }: Synthesis): Promise<void> => {
  const { app, context: ofProject } = cdkJson.parse(JSON.parse(readFileSync(resolve(root, 'cdk.json'), 'utf8')));
  const [command = 'node', ...args] = app.split(' ');
  const child = spawn(command === 'node' ? process.execPath : command, args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      CDK_OUTDIR: resolve(outDir),
      CDK_CONTEXT_JSON: JSON.stringify({
        // What the CLI adds: resources are then found by their construct path.
        'aws:cdk:enable-path-metadata': true,
        'aws:cdk:enable-asset-metadata': true,
        'aws:cdk:version-reporting': false,
        ...ofProject,
        stage,
        ...context,
      }),
      // Whether CloudFormation would take the templates is asked where somebody deploys, and by tests: it takes seconds.
      CDK_VALIDATION: 'false',
      // A bundle that falls back to a container fails at once and says so, instead of looking for Docker.
      CDK_DOCKER: 'no-container-is-used-here',
    },
  });
  let printed = '';
  const end = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed = `${printed}${text}`.slice(-20_000);
  });
  const how = await new Promise<string | undefined>((done) => {
    child.on('error', (error) => done(error.message));
    child.on('close', (code, by) => done(code === 0 ? undefined : (by ?? `exit ${code}`)));
  });
  signal?.throwIfAborted();
  if (how !== undefined) throw new Error(`The infrastructure could not be synthesised (${how}):\n${printed}`);
};
