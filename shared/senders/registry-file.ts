import { z } from 'zod';

/** An export: settings only, of one or many, to be kept and put again, here or in another deployment. */
export const registryKind = 'send-document-registry';

export const registryFile = z.strictObject({
  kind: z.literal(registryKind),
  schemaVersion: z.literal(1),
  senders: z.array(z.unknown()).default([]),
  mailboxes: z.array(z.unknown()).default([]),
  clients: z.array(z.unknown()).default([]),
});
export type RegistryFile = z.input<typeof registryFile>;

export const isRegistryFile = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'kind' in json && json.kind === registryKind;

/** The parts of an export, each of one kind of setting. */
export type RegistryPart = Exclude<keyof RegistryFile, 'kind' | 'schemaVersion'>;
