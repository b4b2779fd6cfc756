import type { Configuration } from './outcomes.ts';

/** Internet endpoints of MESH; the HSCN ones are deprecated. */
export const meshBaseUrls = {
  production: 'https://mesh-sync.spineservices.nhs.uk',
  integration: 'https://msg.intspineservices.nhs.uk',
  deployment: 'https://msg.depspineservices.nhs.uk',
} as const;

export const meshEnvironments = ['production', 'integration', 'deployment', 'local'] as const;
export type MeshEnvironment = (typeof meshEnvironments)[number];

const loopbackHosts = new Set(['127.0.0.1', 'localhost', '[::1]']);

const configuration = (reason: string, advice: string): Configuration => ({
  kind: 'configuration',
  cause: 'address',
  reason,
  advice,
});

/**
 * The base URL of a named environment. `local` needs `localUrl`, an https address of this machine; the others take
 * none, so that no setting can point a real mailbox's documents elsewhere.
 */
export const meshBaseUrl = (
  environment: MeshEnvironment,
  localUrl?: string,
): { readonly kind: 'ok'; readonly value: string } | Configuration => {
  if (environment !== 'local') {
    return localUrl === undefined
      ? { kind: 'ok', value: meshBaseUrls[environment] }
      : configuration(
          `A base URL is given for the ${environment} MESH environment, whose address is fixed.`,
          'Remove the base URL from the mailbox, or set its environment to local.',
        );
  }
  const wanted = 'Give the mailbox the address of a MESH on this machine, such as https://127.0.0.1:8443.';
  if (localUrl === undefined) return configuration('The local MESH environment has no base URL.', wanted);
  const url = URL.canParse(localUrl) ? new URL(localUrl) : undefined;
  if (url?.protocol !== 'https:' || !loopbackHosts.has(url.hostname) || url.username || url.password) {
    return configuration('The base URL of the local MESH environment is not an https address of this machine.', wanted);
  }
  return { kind: 'ok', value: url.origin };
};
