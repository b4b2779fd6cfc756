import { type CheckedCredentials, readCredentials } from '../mesh/credentials.ts';
import type { Configuration } from '../mesh/outcomes.ts';
import type { Clock } from '../platform/clock.ts';
import { errorText } from '../platform/log.ts';
import { environmentSecretName, mailboxSecretName } from '../platform/names.ts';
import type { SecretSource } from '../platform/secrets.ts';

const missing = (what: string, name: string): Configuration => ({
  kind: 'configuration',
  reason: `The ${what} secret does not exist.`,
  advice: `Create ${name} in Secrets Manager (docs/operating.md, Secrets).`,
});

const operatorsMove = new Set([
  'AccessDeniedException',
  'DecryptionFailure',
  'InvalidRequestException',
  'KMSAccessDeniedException',
  'KMSDisabledException',
  'KMSInvalidStateException',
  'KMSNotFoundException',
]);

/** Marked for deletion, access denied, its key disabled: an operator's move, whatever it is. */
const unreadable = (name: string, fault: string): Configuration => ({
  kind: 'configuration',
  reason: `The secret ${name} cannot be read: ${fault}.`,
  advice: 'Look at the secret and at its key in AWS, and at what the functions may read (docs/operating.md, Secrets).',
});

/**
 * A mailbox's credentials out of its two secrets, checked; `fresh` reads them past the cache. Throws only for what
 * passes by itself.
 */
export type CredentialSource = (fresh: boolean) => Promise<CheckedCredentials | Configuration>;

export const credentialSource = (
  { stage, secrets, clock }: { readonly stage: string; readonly secrets: SecretSource; readonly clock: Clock },
  mailboxId: string,
): CredentialSource => {
  const environmentName = environmentSecretName(stage);
  const mailboxName = mailboxSecretName(stage, mailboxId);
  return async (fresh) => {
    const read = (name: string) =>
      secrets.read(name, { fresh }).then(
        (value) => ({ value }),
        (error: unknown) => {
          // Throttling, a time-out, a fault of AWS: passes by itself, and must not stop a mailbox.
          if (!(error instanceof Error && operatorsMove.has(error.name))) throw error;
          return { fault: errorText(error) };
        },
      );
    const [environmentRead, ownRead] = await Promise.all([read(environmentName), read(mailboxName)]);
    if ('fault' in environmentRead) return unreadable(environmentName, environmentRead.fault);
    if ('fault' in ownRead) return unreadable(mailboxName, ownRead.fault);
    const [environment, own] = [environmentRead.value, ownRead.value];
    if (environment === undefined) return missing('environment', environmentName);
    if (own === undefined) return missing('mailbox', mailboxName);
    return readCredentials({ environment, mailbox: own }, clock.now());
  };
};
