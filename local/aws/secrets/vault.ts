import { randomBytes } from 'node:crypto';
import { days } from '../../../shared/platform/clock.ts';
import { ServiceError, type ServiceSetting } from '../service.ts';
import { invalidParameter, invalidRequest, notFound, type Secret } from './secret.ts';

/** All secrets of one service. */
export interface Vault {
  now(): number;
  /** The ARN for IAM, also of a secret that does not exist. */
  arnOf(id: string): string;
  all(): Secret[];
  /** By name, ARN, or ARN without its six random characters; also where marked for deletion. Throws when not found. */
  find(id: string): Secret;
  /** As `find`; throws InvalidRequestException where the secret is marked for deletion. */
  usable(id: string): Secret;
  create(name: string, about: Pick<Secret, 'description' | 'keyId' | 'tags'>): Secret;
  markDeleted(secret: Secret, recoveryDays: number): void;
  remove(secret: Secret): void;
}

const suffix = () =>
  randomBytes(16)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 6)
    .padEnd(6, 'x');

const withoutSuffix = (arn: string) => arn.replace(/-[A-Za-z0-9]{6}$/, '');

export const createVault = ({ clock, region, account }: ServiceSetting): Vault => {
  const secrets = new Map<string, Secret>();
  const prefix = `arn:aws:secretsmanager:${region}:${account}:secret:`;

  /** What is past its recovery window is gone. */
  const swept = () => {
    for (const secret of secrets.values()) {
      if (secret.deletion && secret.deletion.finalAt <= clock.now()) secrets.delete(secret.name);
    }
    return secrets;
  };
  const lookUp = (id: string) =>
    swept().get(id) ?? [...secrets.values()].find(({ arn }) => arn === id || withoutSuffix(arn) === id);

  const find = (id: string) => {
    const secret = lookUp(id);
    if (!secret) throw notFound();
    return secret;
  };

  return {
    find,
    now: () => clock.now(),
    arnOf: (id) => lookUp(id)?.arn ?? (id.startsWith('arn:') ? id : `${prefix}${id}-??????`),
    all: () => [...swept().values()],
    usable: (id) => {
      const secret = find(id);
      if (secret.deletion) {
        throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
      }
      return secret;
    },
    create: (name, about) => {
      if (!/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(name)) {
        throw invalidParameter('A secret name has 1 to 512 letters, digits and the characters /_+=.@-');
      }
      const old = lookUp(name);
      if (old?.deletion) throw invalidRequest('A secret with this name is already scheduled for deletion.');
      if (old) {
        throw new ServiceError('ResourceExistsException', 'The operation failed because the secret already exists.');
      }
      const now = clock.now();
      const secret: Secret = {
        ...about,
        name,
        arn: `${prefix}${name}-${suffix()}`,
        createdAt: now,
        changedAt: now,
        versions: new Map(),
        deletion: undefined,
      };
      secrets.set(name, secret);
      return secret;
    },
    markDeleted: (secret, recoveryDays) => {
      if (recoveryDays < 7 || recoveryDays > 30) throw invalidParameter('The recovery window is 7 to 30 days.');
      secret.deletion = { at: clock.now(), finalAt: clock.now() + days(recoveryDays) };
    },
    remove: (secret) => void secrets.delete(secret.name),
  };
};
