import { readFileSync, statSync } from 'node:fs';
import { largestMessage } from '../itk3/checker.ts';
import { type FileReading, messageReport } from './message-report.ts';

const read = (path: string): FileReading => {
  try {
    const { size } = statSync(path);
    if (size > largestMessage) return { kind: 'problem', sentence: `${path} is larger than ${largestMessage} bytes.` };
    return { kind: 'bytes', bytes: readFileSync(path) };
  } catch {
    return { kind: 'problem', sentence: `${path} cannot be read.` };
  }
};

const { exitCode, out, errors } = messageReport(process.argv.slice(2), read);
for (const line of out) console.log(line);
for (const line of errors) console.error(line);
process.exitCode = exitCode;
