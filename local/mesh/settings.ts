import { z } from 'zod';
import { days } from '../../shared/platform/clock.ts';

const milliseconds = z.number().nonnegative();

/** How this MESH behaves where sources differ or a test needs it otherwise. Times are of the clock. */
export const meshSettings = z
  .strictObject({
    /** Largest body of one request: MESH says 100 MB, and over the internet about 20 MB get through. */
    maxBodyBytes: z.number().int().positive(),
    /** Smallest part except the last; clients say 5 MB and MESH is not known to enforce it. 0: any. */
    minPartBytes: z.number().int().nonnegative(),
    /** From acceptance to the recipient's inbox. */
    deliveryDelayMs: milliseconds,
    /** From acceptance to a report that no practice was found. */
    reportDelayMs: milliseconds,
    /** That every answer takes. */
    latencyMs: milliseconds,
    /** Uncollected for so long: removed from the inbox, and reported with code 14. */
    expiryMs: milliseconds,
    /** From acceptance until nothing is left of a message but that it was there. */
    deletionMs: milliseconds,
    dateOfBirthFormat: z.enum(['YYYYMMDD', 'DDMMYYYY', 'either']),
    /** Parts in their order only; otherwise the middle ones in any, and the last one last. */
    strictChunkOrder: z.boolean(),
    /** The sandbox answers a part with `null`, the specification says an id. */
    chunkAnswer: z.enum(['null', 'id']),
    /** Whether a workflow that may not be used (16, 17) is told at once or by a report: no source says. */
    workflowRefusal: z.enum(['answer', 'report']),
    /** `Mex-To` of a report: sources say either. */
    reportAddressedTo: z.enum(['sender', 'recipient']),
    /** Downloads as they were sent, or as the sandbox: compressed or not by `Accept-Encoding`. */
    downloadEncoding: z.enum(['stored', 'negotiated']),
    /** Requests of one mailbox in a minute before 429. 0: any number. */
    requestsPerMinute: z.number().int().nonnegative(),
    /** Idle connections are closed after so much of the machine's time. */
    keepAliveTimeoutMs: milliseconds,
  })
  .readonly();
export type MeshSettings = z.infer<typeof meshSettings>;

/** What gets through to MESH over the internet, by the clients that say so. */
export const internetCeilingBytes = 20_000_000;

export const defaultSettings: MeshSettings = {
  maxBodyBytes: 100_000_000,
  minPartBytes: 0,
  deliveryDelayMs: 0,
  reportDelayMs: 0,
  latencyMs: 0,
  expiryMs: days(5),
  deletionMs: days(30),
  dateOfBirthFormat: 'YYYYMMDD',
  strictChunkOrder: true,
  chunkAnswer: 'null',
  workflowRefusal: 'answer',
  reportAddressedTo: 'sender',
  downloadEncoding: 'stored',
  requestsPerMinute: 0,
  keepAliveTimeoutMs: 60_000,
};
