import { ServiceError } from '../service.ts';

/** What a version holds: text or bytes (base64), never both. */
export interface SecretValue {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: string | undefined;
}

export interface SecretVersion {
  readonly id: string;
  readonly value: SecretValue;
  readonly createdAt: number;
  /** Staging labels, such as AWSCURRENT: a label is on one version of a secret at most. */
  readonly stages: Set<string>;
}

/** All times are epoch milliseconds. */
export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  changedAt: number;
  description: string | undefined;
  keyId: string | undefined;
  readonly tags: readonly { Key: string; Value: string }[];
  readonly versions: Map<string, SecretVersion>;
  /** When it was marked for deletion, and when that becomes final. */
  deletion: { readonly at: number; readonly finalAt: number } | undefined;
}

export const current = 'AWSCURRENT';
export const previous = 'AWSPREVIOUS';
const largest = 65_536;

export const invalidParameter = (message: string): ServiceError =>
  new ServiceError('InvalidParameterException', message);
export const invalidRequest = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
export const notFound = (what = 'secret'): ServiceError =>
  new ServiceError('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}.`);

/** Throws unless the value is text or bytes of at most 64 KiB. */
export const checkValue = ({ SecretString, SecretBinary }: SecretValue): void => {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw invalidParameter('You cannot specify both SecretString and SecretBinary.');
  }
  const bytes =
    SecretString === undefined ? Buffer.byteLength(SecretBinary ?? '', 'base64') : Buffer.byteLength(SecretString);
  if (bytes === 0) throw invalidParameter('A secret value is 1 byte or more.');
  if (bytes > largest) throw invalidParameter(`A secret value is at most ${largest} bytes.`);
};

export const versionAt = (secret: Secret, stage: string): SecretVersion | undefined =>
  [...secret.versions.values()].find((version) => version.stages.has(stage));

/** Puts a label on one version and takes it from the other; what was current becomes the previous one. */
export const moveStage = (secret: Secret, stage: string, to: SecretVersion): void => {
  const from = versionAt(secret, stage);
  if (from === to) return;
  from?.stages.delete(stage);
  to.stages.add(stage);
  if (stage !== current) return;
  to.stages.delete(previous);
  if (!from) return;
  versionAt(secret, previous)?.stages.delete(previous);
  from.stages.add(previous);
};

/**
 * Adds a version, or does nothing where the same was added before under the same id (a client's retry). Throws
 * ResourceExistsException where that id holds something else.
 */
export const addVersion = (
  secret: Secret,
  now: number,
  id: string,
  value: SecretValue,
  stages: readonly string[] = [current],
): SecretVersion => {
  checkValue(value);
  const existing = secret.versions.get(id);
  if (existing) {
    const same =
      existing.value.SecretString === value.SecretString && existing.value.SecretBinary === value.SecretBinary;
    if (same) return existing;
    throw new ServiceError('ResourceExistsException', 'A version with this token already holds another value.');
  }
  const version: SecretVersion = { id, value, createdAt: now, stages: new Set() };
  const first = secret.versions.size === 0;
  secret.versions.set(id, version);
  // The first version is current whatever its labels say.
  for (const stage of new Set(first ? [...stages, current] : stages)) moveStage(secret, stage, version);
  secret.changedAt = now;
  return version;
};
