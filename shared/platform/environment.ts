import { z } from 'zod';

/**
 * The settings of each function, as environment variables. `infra` fills them from these schemas and a test parses
 * what it filled; functions parse them once at start. Every value is a string, as Lambda hands it over.
 */

const name = z.string().min(1);
const url = z.url();

const common = z.object({
  STAGE: name,
  TABLE_NAME: name,
  /** Drops and receipts: `inbox/{ods}/…`, `receipts/{ods}/…`. */
  INBOX_BUCKET: name,
  /** Composed messages: `messages/{documentId}/{composition}/…`. */
  MESSAGES_BUCKET: name,
  /** How long after a doubtful attempt's deadline the one flagged re-send comes; never past the three-hour limit. */
  DOUBT_WAIT_MINUTES: z.coerce.number().int().min(1).max(180),
  /** How long a composed document is tried before a person takes over. */
  GIVE_UP_AFTER_MINUTES: z.coerce.number().int().positive(),
  POWERTOOLS_SERVICE_NAME: name,
  POWERTOOLS_METRICS_NAMESPACE: name,
  POWERTOOLS_LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
});

/** Comma-separated NHS numbers; a trailing `*` stands for any rest. */
const nhsNumberPatterns = z.string().regex(/^$|^\d+\*?(,\d+\*?)*$/);

export const composeEnvironment = common.extend({
  OUTBOX_QUEUE_URL: url,
  /** Published test numbers: refused where the mailbox is in production. */
  REFUSED_NHS_NUMBERS: nhsNumberPatterns,
  /** The only numbers sent anywhere but in production. */
  ALLOWED_NHS_NUMBERS: nhsNumberPatterns,
  /** Given names that steer NHS test harnesses: refused in production. Comma-separated regular expressions. */
  REFUSED_GIVEN_NAMES: z.string(),
  /** Longest PDF accepted, in bytes. */
  MAX_PDF_BYTES: z.coerce.number().int().positive(),
});

export const sendEnvironment = common.extend({ ARCHIVE_BUCKET: name });

export const pollEnvironment = common.extend({ ARCHIVE_BUCKET: name });

export const watchEnvironment = common.extend({
  ARCHIVE_BUCKET: name,
  INGEST_QUEUE_URL: url,
  OUTBOX_QUEUE_URL: url,
  POLL_QUEUE_URL: url,
});

export const environments = {
  compose: composeEnvironment,
  send: sendEnvironment,
  poll: pollEnvironment,
  watch: watchEnvironment,
} as const;

export type FunctionName = keyof typeof environments;
/** What infra must supply: the variables as strings, those with a default optional. */
export type EnvironmentInput<F extends FunctionName> = { [K in keyof z.input<(typeof environments)[F]>]: string };

/** Throws a sentence that names every variable that is missing or wrong: a deployment fault, not an input fault. */
export const parseEnvironment = <S extends z.ZodType>(schema: S, source: Readonly<NodeJS.ProcessEnv>): z.output<S> => {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Error(`This function's environment is wrong (deploy it again from infra/): ${faults}`);
};
