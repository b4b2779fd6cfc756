import { createMeshClient, type MeshClient } from '../mesh/client.ts';
import { meshBaseUrl } from '../mesh/environments.ts';
import type { Configuration } from '../mesh/outcomes.ts';
import type { OpenTransport } from '../mesh/transport.ts';
import type { Clock } from '../platform/clock.ts';
import type { Ids } from '../platform/ids.ts';
import type { SecretSource } from '../platform/secrets.ts';
import { credentialSource } from './credential-source.ts';
import type { MailboxSetting } from './mailbox.ts';

/** What it takes to speak to MESH for a mailbox. */
export interface ConnectionSetting {
  readonly stage: string;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Mutual TLS where absent, as everywhere but in suites that try every fault in one process. */
  readonly openTransport?: OpenTransport;
}

export interface Connection {
  readonly kind: 'ok';
  readonly client: MeshClient;
  /** Epoch ms. */
  readonly certificateExpiresAt: number;
  /** Epoch ms: of the CA bundle. */
  readonly authoritiesExpireAt: number;
}

/**
 * Everything about the mailbox that can be wrong before a byte is sent is a configuration fault with a sentence for an
 * operator. Throws only for what passes by itself.
 */
export const connect = async (
  { stage, secrets, clock, ids, openTransport }: ConnectionSetting,
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
  const source = credentialSource({ stage, secrets, clock }, mailbox.mailboxId);
  let checked = await source(false);
  // Found wrong in what the cache has: put right meanwhile, perhaps.
  if (checked.kind === 'configuration') checked = await source(true);
  if (checked.kind === 'configuration') return checked;
  const base = meshBaseUrl(mailbox.environment, mailbox.baseUrl);
  if (base.kind === 'configuration') return base;
  return {
    kind: 'ok',
    certificateExpiresAt: checked.expiresAt,
    authoritiesExpireAt: checked.authoritiesExpireAt,
    client: createMeshClient({
      baseUrl: base.value,
      mailboxId: mailbox.mailboxId,
      credentials: checked.credentials,
      // Rotated while we hold older ones: MESH says so first.
      renewCredentials: async () => {
        const again = await source(true);
        return again.kind === 'ok' ? again.credentials : again;
      },
      clock,
      ids,
      deadline,
      openTransport,
    }),
  };
};
