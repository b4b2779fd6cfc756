import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../platform/clock.ts';
import { runCommand, usage } from './commands.ts';
import { targetOf } from './target.ts';

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const main = async (): Promise<boolean> => {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(usage.join('\n'));
    return false;
  }
  const { values, positionals } = parsed;
  if (positionals.length === 0) {
    console.error(usage.join('\n'));
    return false;
  }
  const target = targetOf(values);
  if (target.kind === 'problem') {
    console.error(target.sentence);
    return false;
  }
  const { ok, lines } = await runCommand(positionals, { table: target.table, clock: systemClock, readText }, values);
  for (const line of lines) (ok ? console.log : console.error)(line);
  if (ok && values.dir === undefined && values.table === undefined) console.error(`(in ${target.name})`);
  return ok;
};

const parse = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string' },
      table: { type: 'string' },
      reason: { type: 'string' },
      by: { type: 'string' },
      why: { type: 'string' },
    },
  });

process.exitCode = (await main()) ? 0 : 1;
