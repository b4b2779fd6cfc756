import { z } from 'zod';
import { apiScopes } from '../platform/api-routes.ts';
import type { Changed, Versioned } from '../registry/versioned.ts';
import { odsCode } from '../senders/sender.ts';

/** What an issuer calls a client. It is logged, so it is held to letters that cannot break a log line. */
export const clientId = z
  .string()
  .regex(/^[A-Za-z0-9._~:@/-]{1,200}$/, 'a client id is 1 to 200 letters, digits and . _ ~ : @ / -');

/** A system that calls the API: `CLIENT#{clientId}`, put by `operate client put FILE`. It sends for one organisation. */
export const clientFile = z.strictObject({
  clientId,
  odsCode,
  /** What it may do at most, whatever its token says. */
  scopes: z
    .array(z.enum([apiScopes.submit, apiScopes.read]))
    .min(1)
    .default([apiScopes.submit, apiScopes.read]),
});
export type Client = z.output<typeof clientFile>;

/** A client as it is registered: its setting with its versions, and whether it may call. */
export interface ClientItem extends Versioned<Client> {
  /** It is let in no more, until somebody activates it again. */
  readonly deactivated?: Changed;
}
