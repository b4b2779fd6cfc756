import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { MailboxAccess } from './endpoint.ts';

const schema = z.object({
  baseUrl: z.url(),
  sharedKey: z.string(),
  ca: z.string().exactOptional(),
  cert: z.string().exactOptional(),
  key: z.string().exactOptional(),
  mailboxes: z.array(z.object({ mailboxId: z.string(), password: z.string() })),
});

/** What `npm run mesh-simulator` writes down; `ca`, `cert` and `key` are paths of PEM files. */
export interface SimulatorFile {
  readonly baseUrl: string;
  readonly sharedKey: string;
  readonly files: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** The first two mailboxes. */
  readonly sender: MailboxAccess;
  readonly recipient: MailboxAccess;
}

export const readSimulatorFile = (path: string): SimulatorFile => {
  const { baseUrl, sharedKey, mailboxes, ...files } = schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const [sender, recipient] = mailboxes;
  if (!sender || !recipient) throw new Error('The simulator has too few mailboxes.');
  return { baseUrl, sharedKey, files, sender, recipient };
};
