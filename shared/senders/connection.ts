import { createMeshClient, type MeshClient } from '../mesh/client.ts';
import { readCredentials } from '../mesh/credentials.ts';
import { meshBaseUrl } from '../mesh/environments.ts';
import type { Configuration } from '../mesh/outcomes.ts';
import type { Clock } from '../platform/clock.ts';
import type { Ids } from '../platform/ids.ts';
import { errorText } from '../platform/log.ts';
import { environmentSecretName, mailboxSecretName } from '../platform/names.ts';
import type { SecretSource } from '../platform/secrets.ts';
import type { MailboxSetting } from './mailbox.ts';

/** What it takes to speak to MESH for a mailbox. */
export interface ConnectionSetting {
  readonly stage: string;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Connection {
  readonly kind: 'ok';
  readonly client: MeshClient;
  /** Epoch ms. */
  readonly certificateExpiresAt: number;
}

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
 * Everything about the mailbox that can be wrong before a byte is sent is a configuration fault with a sentence for an
 * operator. Throws only for what passes by itself.
 */
export const connect = async (
  { stage, secrets, clock, ids }: ConnectionSetting,
  mailbox: MailboxSetting,
  deadline: () => number,
): Promise<Connection | Configuration> => {
  if (mailbox.environment === 'production' && stage !== 'production') {
    return {
      kind: 'configuration',
      reason: `A mailbox of the production MESH is registered in stage ${stage}, where real patients' documents must not go out.`,
      advice: 'Register the mailbox in the production stage, or put it again with its true environment.',
    };
  }
  const environmentName = environmentSecretName(stage);
  const mailboxName = mailboxSecretName(stage, mailbox.mailboxId);
  const read = (name: string) =>
    secrets.read(name).then(
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
  const checked = readCredentials({ environment, mailbox: own }, clock.now());
  if (checked.kind === 'configuration') return checked;
  const base = meshBaseUrl(mailbox.environment, mailbox.baseUrl);
  if (base.kind === 'configuration') return base;
  return {
    kind: 'ok',
    certificateExpiresAt: checked.expiresAt,
    client: createMeshClient({
      baseUrl: base.value,
      mailboxId: mailbox.mailboxId,
      credentials: checked.credentials,
      clock,
      ids,
      deadline,
    }),
  };
};
