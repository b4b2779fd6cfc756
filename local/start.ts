import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { z } from 'zod';
import { seconds } from '../shared/platform/clock.ts';
import { curls } from './run/curls.ts';
import { type Followed, follow } from './run/follow.ts';
import { handOver } from './run/hand-over.ts';
import { parseOptions, type RunOptions, usage } from './run/options.ts';
import type { KeptMail } from './run/post-box.ts';
import { type LocalSystem, startSystem } from './run/system.ts';

/** `npm start`: the whole system on this machine, and one sample document on its way to "accepted". */

const manifestOf = z.looseObject({ encounterId: z.string(), version: z.number() });
const sample = (name: string) => readFileSync(new URL(`./samples/${name}`, import.meta.url));

const began = performance.now();
const say = (line = '') => console.log(line);
const stamp = () => `${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`;
const step = (text: string) => say(`${stamp()}  ${text}`);

/** What goes out is shown as it is, and kept; but for what asks the run's own addresses, which it confirms itself. */
const tellMail = ({ to, subject, path, confirms }: KeptMail): void => {
  if (!confirms || isUp) step(`E-mail to ${to}: ${subject} (${relative(process.cwd(), path)})`);
};
let isUp = false;

const explain = (followed: Followed): string => {
  if (followed.kind === 'stopped') return 'Stopped before the sample was ACCEPTED.';
  const { receipt } = followed;
  if (!receipt) return 'No receipt came: compose has not taken the drop. Look at the log of the compose function.';
  const told = (receipt.problems ?? []).map(({ path, code, message }) => `\n  ${path}: ${code}. ${message}`).join('');
  return `It is ${receipt.state}. ${receipt.meaning} Whose move: ${receipt.whoseMove}.${receipt.advice ? ` ${receipt.advice}` : ''}${told}`;
};

const submitSample = async ({ run, s3 }: LocalSystem, within: number, signal: AbortSignal): Promise<Followed> => {
  const manifest = manifestOf.parse(JSON.parse(sample('consultation.json').toString('utf8')));
  const drop = await handOver(s3, run.inboxBucket, run.senderOdsCode, 'sample', sample('consultation.pdf'), manifest);
  step(`Handed over inbox/${run.senderOdsCode}/sample.pdf and sample.json (document ${drop.documentId})`);
  return follow(
    s3,
    run.inboxBucket,
    drop,
    ({ what, detail }) => step(`  ${what}${detail ? ` (${detail})` : ''}`),
    seconds(within),
    signal,
  );
};

const tellWhere = ({ run, submission }: LocalSystem, options: RunOptions): void => {
  const dir = relative(process.cwd(), options.dir) || '.';
  say(`
Everything is up. The run's clock goes ${run.timeScale} times as fast as yours: the one setting that local adds.

  S3               ${run.s3Endpoint}   bucket ${run.inboxBucket}
  SQS              ${run.sqsEndpoint}
  DynamoDB         ${run.dynamodbEndpoint}   table ${run.tableName}
  Secrets Manager  ${run.secretsManagerEndpoint}
  SNS              ${run.snsEndpoint}
  API              ${run.apiUrl}   (tokens from ${run.issuer.tokenUrl})
  MESH             ${run.meshUrl}   (mutual TLS, certificates made for this run)
  Logs             ${relative(process.cwd(), run.logDir)}
  E-mails          ${relative(process.cwd(), run.mailDir)}   (notices to people, and what asks them to confirm)
  GP practice      ${relative(process.cwd(), run.practiceDir)}   (what it received)
  All of it        ${dir}/run.json

Try next, in another terminal:

  npm run submit -- --dir ${dir} local/samples/consultation.pdf
  npm run operate -- sender show ${run.senderOdsCode} --dir ${dir}

Or over HTTP: get a token, submit the sample as another document, see how it goes:

${curls(run, submission)
  .map((line) => `  ${line}`)
  .join('\n')}

Ctrl-C stops everything.`);
};

const main = async (options: RunOptions): Promise<number> => {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

  let system: LocalSystem;
  try {
    const { dir, timeScale, ports } = options;
    system = await startSystem({ dir, timeScale, ports, tell: step, onMail: tellMail, signal: stop.signal });
    isUp = true;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say('\nStopped before everything was up.');
    return options.once ? 1 : 0;
  }
  try {
    let exitCode = 0;
    if (options.sample) {
      const followed = await submitSample(system, options.within, stop.signal);
      const accepted = followed.kind === 'ended' && followed.receipt.state === 'ACCEPTED';
      if (accepted) {
        step('ACCEPTED: the practice’s system has matched the patient. It does not mean that anybody has read it.');
      } else if (stop.signal.aborted) {
        say('\nStopped before the sample was ACCEPTED.');
        exitCode = options.once ? 1 : 0;
      } else {
        exitCode = 1;
        console.error(
          `\nThe sample was not ACCEPTED within ${options.within} seconds. ${explain(followed)}\nLogs: ${system.run.logDir}`,
        );
      }
    }
    if (options.once) return exitCode;
    if (!stop.signal.aborted) tellWhere(system, options);
    await stopped;
    say('\nStopping…');
    return 0;
  } finally {
    await system.close();
  }
};

const parsed = parseOptions(process.argv.slice(2));
if (parsed.kind === 'problem') {
  console.error(`${parsed.sentence}\n\n${usage}`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await main(parsed.options);
  } catch (error) {
    console.error(`\nThe run could not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
