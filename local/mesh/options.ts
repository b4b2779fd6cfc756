import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm run mesh-simulator -- …` was asked for. */
export interface SimulatorOptions {
  readonly dir: string;
  readonly port: number;
  readonly tls: 'mutual' | 'server' | 'none';
  /** Largest body of one request, in bytes. */
  readonly maxBodyBytes: number;
  /** Ends with the program that started it. */
  readonly endWithInput: boolean;
}

export const usage = `Usage: npm run mesh-simulator -- [options]
  --port NUMBER        where to listen on 127.0.0.1 (default: any free port)
  --dir FOLDER         where certificates, simulator.json and bodies lie (default .local-mesh)
  --max-body-mb N      largest body of one request, 1 to 100 MB (default 100; over the internet MESH takes about 20)
  --no-mutual-tls      do not ask for a client certificate
  --plain-http         no TLS at all, as the public sandbox
  --end-with-input     end when standard input closes (for a program that starts it)
  --help               this text`;

export type ParsedOptions =
  | { readonly kind: 'options'; readonly options: SimulatorOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly sentence: string };

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '0' },
      dir: { type: 'string', default: '.local-mesh' },
      'max-body-mb': { type: 'string', default: '100' },
      'no-mutual-tls': { type: 'boolean', default: false },
      'plain-http': { type: 'boolean', default: false },
      'end-with-input': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });

export const parseOptions = (args: readonly string[]): ParsedOptions => {
  const problem = (sentence: string): ParsedOptions => ({ kind: 'problem', sentence });
  let values: ReturnType<typeof parse>['values'];
  try {
    values = parse(args).values;
  } catch (error) {
    return problem(error instanceof Error ? error.message : 'These options cannot be read.');
  }
  if (values.help) return { kind: 'help' };
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return problem('--port is a number from 1 to 65535.');
  const megabytes = Number(values['max-body-mb']);
  if (!(megabytes >= 1 && megabytes <= 100)) return problem('--max-body-mb is a number from 1 to 100.');
  if (values['plain-http'] && values['no-mutual-tls']) {
    return problem('--plain-http has no TLS to be mutual: give one of the two options.');
  }
  return {
    kind: 'options',
    options: {
      dir: resolve(values.dir),
      port,
      tls: values['plain-http'] ? 'none' : values['no-mutual-tls'] ? 'server' : 'mutual',
      maxBodyBytes: Math.floor(megabytes * 1_000_000),
      endWithInput: values['end-with-input'],
    },
  };
};
