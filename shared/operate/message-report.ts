import { parseArgs } from 'node:util';
import { checkMessageBytes, isConformant, type MessageIssue, operationOutcome } from '../itk3/checker.ts';
import { type MessageProfile, type ProfileName, profiles } from '../itk3/profiles.ts';

/** What `check-message` prints, and how it ends: 0 conformant (or how to use it was asked), 1 not, 2 not asked properly. */
export interface MessageReport {
  readonly exitCode: 0 | 1 | 2;
  readonly out: readonly string[];
  readonly errors: readonly string[];
}

export type FileReading =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'problem'; readonly sentence: string };

export const checkMessageUsage = [
  'npm run check-message -- FILE.xml [--profile v1|v2] [--json]',
  '',
  'Holds a Send Document message against the standard: profiles, fixed values, references, order, requirements.',
  '  --profile  1.3.x (v1) or 2.0.x (v2); without it, the one whose LocalExtension the message carries, else v1',
  '  --json     a FHIR OperationOutcome instead of lines',
  'Ends with 0 when the message is conformant, 1 when it is not, 2 when there was nothing to check.',
] as const;

const usageReport = (sentence: string): MessageReport => ({
  exitCode: 2,
  out: [],
  errors: [sentence, '', ...checkMessageUsage],
});

const isProfileName = (name: string): name is ProfileName => Object.hasOwn(profiles, name);

/** The generation that the message says it belongs to; 1.3.x when it says nothing known. */
const profileIn = (bytes: Uint8Array): MessageProfile => {
  const found = (profile: MessageProfile) => {
    const { issues } = checkMessageBytes(bytes, { profile });
    return issues.every(({ path }) => !path.includes(':LocalExtension'));
  };
  return found(profiles.v2) && !found(profiles.v1) ? profiles.v2 : profiles.v1;
};

const line = ({ severity, path, message, requirements }: MessageIssue): string =>
  `${severity.padEnd(7)}  ${path} ${message} (${requirements.join(', ')})`;

/** Values of the message appear in neither lines nor JSON: paths and our own words only. */
export const messageReport = (args: readonly string[], read: (path: string) => FileReading): MessageReport => {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return usageReport(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) return { exitCode: 0, out: checkMessageUsage, errors: [] };
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) return usageReport('Name one file.');
  const name = values.profile;
  if (name !== undefined && !isProfileName(name)) return usageReport('The profile is v1 or v2.');
  const reading = read(path);
  if (reading.kind === 'problem') return usageReport(reading.sentence);

  const profile = name === undefined ? profileIn(reading.bytes) : profiles[name];
  const { issues } = checkMessageBytes(reading.bytes, { profile });
  const ok = isConformant(issues);
  const exitCode = ok ? 0 : 1;
  if (values.json) return { exitCode, out: [JSON.stringify(operationOutcome(issues), null, 2)], errors: [] };
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  const count = `${errors} ${errors === 1 ? 'error' : 'errors'}`;
  const verdict = ok ? `Conformant with ${profile.name}.` : `Not conformant with ${profile.name}: ${count}.`;
  return { exitCode, out: [...issues.map(line), verdict], errors: [] };
};

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { profile: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
