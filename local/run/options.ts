import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm start -- …` was asked for. */
export interface RunOptions {
  /** Ends after the sample: 0 once it is ACCEPTED. */
  readonly once: boolean;
  /** State folder. */
  readonly dir: string;
  readonly timeScale: number;
  /** Real seconds within which the sample must be ACCEPTED. */
  readonly within: number;
  /** Hand the sample over at the start. */
  readonly sample: boolean;
  readonly ports: Readonly<Record<PortName, number>>;
}

export const portNames = ['s3', 'sqs', 'dynamodb', 'secretsmanager', 'sns', 'mesh', 'api', 'issuer'] as const;
export type PortName = (typeof portNames)[number];

export const usage = `Usage: npm start -- [options]
  --once               end after the sample: exit code 0 once it is ACCEPTED, else 1 with the reason
  --dir FOLDER         where the run keeps its state (default .local); two folders run side by side
  --time-scale N       how many seconds of the run pass in one real second, 1 to 60 (default 20)
  --within SECONDS     how long the sample may take to be ACCEPTED, 1 to 600 (default 60)
  --no-sample          start without handing the sample over
  --port NAME=NUMBER   a fixed port instead of a free one; NAME is ${portNames.join(', ')}`;

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: RunOptions }
  | { readonly kind: 'problem'; readonly sentence: string };

const isPortName = (name: string): name is PortName => portNames.some((known) => known === name);

export const parseOptions = (args: readonly string[]): ParsedOptions => {
  const problem = (sentence: string): ParsedOptions => ({ kind: 'problem', sentence });
  let values: ReturnType<typeof parse>['values'];
  try {
    values = parse(args).values;
  } catch (error) {
    return problem(error instanceof Error ? error.message : 'These options cannot be read.');
  }
  const timeScale = Number(values['time-scale']);
  if (!(timeScale >= 1 && timeScale <= 60)) return problem('--time-scale is a number from 1 to 60.');
  const within = Number(values.within);
  if (!(within >= 1 && within <= 600)) return problem('--within is a number of seconds from 1 to 600.');
  const ports = Object.fromEntries(portNames.map((name) => [name, 0])) as Record<PortName, number>;
  for (const given of values.port) {
    const [name = '', number = ''] = given.split('=');
    const port = Number(number);
    if (!isPortName(name) || !Number.isInteger(port) || port < 1 || port > 65_535) {
      return problem(`--port is NAME=NUMBER with NAME one of ${portNames.join(', ')}.`);
    }
    ports[name] = port;
  }
  return {
    kind: 'options',
    options: { once: values.once, dir: resolve(values.dir), timeScale, within, sample: !values['no-sample'], ports },
  };
};

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      dir: { type: 'string', default: '.local' },
      'time-scale': { type: 'string', default: '20' },
      within: { type: 'string', default: '60' },
      'no-sample': { type: 'boolean', default: false },
      port: { type: 'string', multiple: true, default: [] },
    },
  });
