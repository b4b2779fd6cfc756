import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { minutes } from '../shared/platform/clock.ts';
import { follow } from './run/follow.ts';
import { handOver } from './run/hand-over.ts';
import { readRunFile } from './run-file.ts';
import { makeManifest } from './samples/variants.ts';

/** `npm run submit -- FILE.pdf`: drops another PDF into a local run, for the sample's patient, and follows its receipt. */

const parse = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: 'string', default: '.local' },
      name: { type: 'string' },
      answer: { type: 'string' },
      help: { type: 'boolean' },
    },
  });

const usage = `Usage: npm run submit -- [FILE.pdf] [--dir FOLDER] [--name NAME] [--answer CODE]

  FILE.pdf       what to send (default local/samples/consultation.pdf)
  --dir FOLDER   the local run (default .local)
  --name NAME    of the drop (default a new UUID)
  --answer CODE  what the practice answers, such as 20009 or 30002 (default 20013, then 30001)`;

/** The practice of the run answers as a given name says (local/practice/README.md): here the practitioner's. */
const steering = (code: string | undefined): object =>
  code === undefined ? {} : { practitioner: { given: [code.replace(/^30(0\d\d)$/, 'IB$1')] } };

const main = async (): Promise<number> => {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(usage);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const [file = 'local/samples/consultation.pdf'] = positionals;
  const run = readRunFile(values.dir);
  if (!run) {
    console.error(`No local run has its state in ${values.dir}: start one with npm start.`);
    return 1;
  }
  let pdf: Buffer;
  try {
    pdf = readFileSync(file);
  } catch {
    console.error(`Cannot read ${file}.`);
    return 1;
  }
  const { s3Endpoint: endpoint, region, credentials, inboxBucket, senderOdsCode } = run;
  const s3 = new S3Client({ endpoint, region, credentials });
  const encounterId = randomUUID();
  const sha256 = createHash('sha256').update(pdf).digest('hex');
  const overrides = { encounterId, pdf: { sha256 }, ...steering(values.answer) };
  const manifest = { ...makeManifest(overrides), encounterId, version: 1 };
  const drop = await handOver(s3, inboxBucket, senderOdsCode, values.name ?? encounterId, pdf, manifest);
  console.log(
    `Dropped ${file} as inbox/${senderOdsCode}/${drop.name}.pdf with its manifest (document ${drop.documentId}).`,
  );
  const followed = await follow(
    s3,
    inboxBucket,
    drop,
    ({ at, what, detail }) => console.log(`  ${at}  ${what}${detail ? ` (${detail})` : ''}`),
    minutes(2),
  );
  s3.destroy();
  if (followed.kind !== 'ended') {
    console.error('Still under way after two minutes: its receipt goes on.');
    return 1;
  }
  const { state, meaning, advice, problems = [] } = followed.receipt;
  console.log(`${state}: ${meaning}${advice ? ` ${advice}` : ''}`);
  for (const { path, code, message } of problems) console.log(`  ${path}: ${code}. ${message}`);
  console.log(`Receipt: receipts/${senderOdsCode}/${drop.name}.json`);
  return state === 'ACCEPTED' ? 0 : 1;
};

process.exitCode = await main();
