import { z } from 'zod';
import { clientId } from '../callers/client.ts';
import { holdsNhsNumber } from './nhs-number.ts';

/** How a request to the API is named: by its caller, and by us where the caller's name cannot be used. */
export const requestId = z.uuid();
/** Logged and stored as it is, so it must be harmless. */
export const correlationId = z
  .string()
  .regex(/^[A-Za-z0-9._~:-]{1,100}$/)
  .refine((id) => !holdsNhsNumber(id));

export interface RequestIds {
  readonly requestId: string;
  readonly correlationId?: string;
}

/** A request, and who made it. */
export interface RequestOrigin extends RequestIds {
  /** The caller as its issuer names it. */
  readonly clientId?: string;
}

/** The ids of the request that brought a manifest, as metadata of its object. */
export const requestMetadata = ({
  requestId: id,
  correlationId: other,
  clientId: caller,
}: RequestOrigin): Record<string, string> => ({
  'request-id': id,
  ...(other === undefined ? {} : { 'correlation-id': other }),
  ...(caller === undefined ? {} : { 'client-id': caller }),
});

/** Reads them back; whoever drops an object may write metadata, so what is not in form is not there. */
export const requestOf = (metadata: Readonly<Record<string, string>>): RequestOrigin | undefined => {
  const id = requestId.safeParse(metadata['request-id']).data;
  if (id === undefined) return undefined;
  const other = correlationId.safeParse(metadata['correlation-id']).data;
  const caller = clientId.safeParse(metadata['client-id']).data;
  return {
    requestId: id,
    ...(other === undefined ? {} : { correlationId: other }),
    ...(caller === undefined ? {} : { clientId: caller }),
  };
};
