import { readFileSync, writeFileSync } from 'node:fs';
import { askOn } from './ask.ts';
import { commandLine } from './command-line.ts';
import { targetOf } from './target.ts';

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const writeText = (path: string, text: string): 'written' | 'exists' | 'failed' => {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return 'written';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EEXIST' ? 'exists' : 'failed';
  }
};

const somebodyIsThere = process.stdin.isTTY === true && process.stderr.isTTY === true;

const { exitCode, out, errors } = await commandLine(process.argv.slice(2), {
  readText,
  writeText,
  targetOf,
  progress: (line) => console.error(line),
  ...(somebodyIsThere ? { confirm: askOn(process.stdin, process.stderr) } : {}),
  ...(process.env.SEND_DOCUMENT_BY ? { by: process.env.SEND_DOCUMENT_BY } : {}),
});
for (const line of out) console.log(line);
for (const line of errors) console.error(line);
process.exitCode = exitCode;
