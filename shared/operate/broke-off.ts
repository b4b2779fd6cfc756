import { errorText } from '../platform/log.ts';
import type { TargetOptions } from './target.ts';

const namesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof Error)) return [];
  const code = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  // The one that has no name of its own.
  const region = error.message === 'Region is missing' ? [error.message] : [];
  return [error.name, ...code, ...region, ...inner.flatMap(namesOf)];
};

const credentials = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'TokenProviderError',
  'UnrecognizedClientException',
]);
const denied = new Set(['AccessDenied', 'AccessDeniedException', 'KMSAccessDeniedException', 'NotAuthorized']);
const unreachable = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'TimeoutError']);

/** Whose move it is, where the error tells. */
const moveOf = (names: readonly string[], { table }: TargetOptions): string | undefined => {
  const is = (some: ReadonlySet<string>) => names.some((name) => some.has(name));
  if (names.includes('Region is missing')) return 'Say in which region it is: export AWS_REGION=eu-west-2.';
  if (is(credentials)) {
    return 'Your AWS credentials are missing, have expired or are refused: log in again (aws sts get-caller-identity shows as whom), then say it again.';
  }
  if (is(denied)) {
    return 'Your AWS credentials may not do this: docs/operating.md, Commands, says what they need. Ask whoever gives out rights.';
  }
  if (names.includes('ResourceNotFoundException')) {
    return table === undefined
      ? 'Something that it needs is not there.'
      : `There is no table ${table} in this account and region, or what it needs beside it is not there: compare --table with TableName of the data stack, and AWS_REGION and AWS_PROFILE with where it is.`;
  }
  if (names.some((name) => unreachable.has(name))) {
    return table === undefined
      ? 'The local run does not answer: it has ended, or is ending. Start one with npm start.'
      : 'AWS cannot be reached from here: look at your network, and at AWS_REGION.';
  }
  if (names.includes('ValidationException') || names.includes('ResourceInUseException')) {
    return 'AWS does not take it as it stands: was --table copied whole, and are the stacks deployed with this version?';
  }
  return undefined;
};

/** What is said where a command ended in an error: what is known of it, whose move it is, and that nothing is lost. */
export const brokeOff = (error: unknown, where: TargetOptions): readonly string[] => {
  const names = namesOf(error);
  const move = moveOf(names, where);
  // Nothing can be asked of AWS without a region.
  if (names.includes('Region is missing')) return ['Nothing was done.', ...(move === undefined ? [] : [move])];
  return [
    `It broke off, and may or may not have been done: ${errorText(error)}. Asking again does no harm.`.replace(
      '..',
      '.',
    ),
    ...(move === undefined ? [] : [move]),
  ];
};
