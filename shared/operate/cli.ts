import { readFileSync } from 'node:fs';
import { commandLine } from './command-line.ts';
import { targetOf } from './target.ts';

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const { exitCode, out, errors } = await commandLine(process.argv.slice(2), { readText, targetOf });
for (const line of out) console.log(line);
for (const line of errors) console.error(line);
process.exitCode = exitCode;
