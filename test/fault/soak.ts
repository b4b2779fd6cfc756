import { parseArgs } from 'node:util';
import { soak } from '../support/world/soak.ts';

/** `npm run soak -- --documents N --seed N`: exit 0 only when every document is accounted for. */

const usage = `Runs documents with random faults at every hop, in one process under virtual time.

  npm run soak -- [--documents N] [--seed N] [--story DOCUMENT]

  --documents N   how many (1000)
  --seed N        the same seed is the same run; chance's own where absent
  --story ID      prints what the log says of this document`;

const wholeNumber = (text: string | undefined, fallback: number): number | undefined => {
  const number = text === undefined ? fallback : Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
};

const main = async (): Promise<number> => {
  let values: { documents?: string; seed?: string; story?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      options: {
        documents: { type: 'string' },
        seed: { type: 'string' },
        story: { type: 'string' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const documents = wholeNumber(values.documents, 1000);
  const seed = wholeNumber(values.seed, 1 + Math.floor(Math.random() * 1_000_000));
  if (documents === undefined || seed === undefined) {
    console.error(`--documents and --seed are whole numbers from 1.\n\n${usage}`);
    return 2;
  }
  console.log(`seed ${seed}`);
  const result = await soak({ documents, seed, onProgress: (text) => console.log(text) });
  const table = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([what, count]) => `${String(count).padStart(8)}  ${what}`)
      .join('\n');
  console.log(`\n${result.documents} documents by end state\n${table(result.byState)}`);
  console.log(`\nfaults met\n${table(result.faults)}`);
  const { flagged, unflagged } = result.doubles;
  console.log(`\ndoubles: ${flagged} flagged, ${unflagged} unflagged`);
  if (values.story !== undefined) {
    const { story } = values;
    console.log(`\n${result.world.lines.filter((line) => line.includes(story)).join('\n')}`);
  }
  if (result.unaccounted.length > 0) {
    console.log(`\nnot accounted for: ${result.unaccounted.length}`);
    for (const what of result.unaccounted.slice(0, 50)) console.log(`  ${what}`);
  } else {
    console.log('\nevery document is accounted for');
  }
  console.log(`seed ${seed}`);
  return result.unaccounted.length === 0 ? 0 : 1;
};

process.exitCode = await main();
