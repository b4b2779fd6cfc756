import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../clock.ts';
import { minutes } from '../clock.ts';
import type { SecretSource } from '../secrets.ts';

/** Reads through a short cache, so that a rotation needs no deployment and a busy function few calls. */
export const secretsManager = (clock: Clock, client = new SecretsManagerClient({})): SecretSource => {
  const cache = new Map<string, { value: string | undefined; until: number }>();
  return {
    async read(name, { fresh = false } = {}) {
      const kept = cache.get(name);
      if (!fresh && kept && kept.until > clock.now()) return kept.value;
      const value = await client.send(new GetSecretValueCommand({ SecretId: name })).then(
        (answer) => answer.SecretString,
        (error: unknown) => {
          if (error instanceof ResourceNotFoundException) return undefined;
          throw error;
        },
      );
      cache.set(name, { value, until: clock.now() + minutes(1) });
      return value;
    },
  };
};
