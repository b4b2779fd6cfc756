import { z } from 'zod';

/**
 * The settings of each function, as environment variables. `infra` fills them from these schemas and a test parses
 * what it filled; functions parse them once at start. Every value is a string, as Lambda hands it over.
 */

const name = z.string().min(1);
const url = z.url();

/** Comma-separated dates, such as `2022-06-03`. */
const dates = z.string().regex(/^$|^\d{4}-\d{2}-\d{2}(,\d{4}-\d{2}-\d{2})*$/);

const common = z.object({
  STAGE: name.describe('The stage.'),
  TABLE_NAME: name.describe('The one table.'),
  INBOX_BUCKET: name.describe('Drops and receipts: `inbox/{ods}/…`, `receipts/{ods}/…`.'),
  MESSAGES_BUCKET: name.describe('Composed messages: `messages/{documentId}/{composition}/…`.'),
  DOUBT_WAIT_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(180)
    .describe(
      'How long after a doubtful attempt’s deadline the one flagged re-send comes; never past the three-hour limit.',
    ),
  GIVE_UP_AFTER_MINUTES: z.coerce
    .number()
    .int()
    .positive()
    .describe('How long a composed document is tried before a person takes over.'),
  BANK_HOLIDAYS_ADDED: dates.describe('Bank holidays of England beside those by rule, comma-separated dates.'),
  BANK_HOLIDAYS_REMOVED: dates.describe('Dates that are bank holidays by rule and this once are not, comma-separated.'),
  POWERTOOLS_SERVICE_NAME: name.describe('The function’s name in logs and metrics.'),
  POWERTOOLS_METRICS_NAMESPACE: name.describe('The namespace of metrics.'),
  POWERTOOLS_LOG_LEVEL: z
    .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])
    .default('INFO')
    .describe('The least severe log lines that are written.'),
});

/** Comma-separated NHS numbers; a trailing `*` stands for any rest. */
const nhsNumberPatterns = z.string().regex(/^$|^\d+\*?(,\d+\*?)*$/);

const outboxQueue = url.describe('Where documents to be sent are queued.');
const archiveBucket = name.describe('What was sent and received, locked.');

const eventsTopic = name.describe('Where changes of documents are published, by its ARN.');

export const composeEnvironment = common.extend({
  ARCHIVE_BUCKET: archiveBucket,
  EVENTS_TOPIC_ARN: eventsTopic,
  OUTBOX_QUEUE_URL: outboxQueue,
  REFUSED_NHS_NUMBERS: nhsNumberPatterns.describe(
    'Published test numbers, comma-separated: refused where the mailbox is in production.',
  ),
  ALLOWED_NHS_NUMBERS: nhsNumberPatterns.describe('The only numbers sent anywhere but in production, comma-separated.'),
  REFUSED_GIVEN_NAMES: z
    .string()
    .describe('Given names that steer NHS test harnesses: refused in production. Comma-separated regular expressions.'),
});

export const sendEnvironment = common.extend({ ARCHIVE_BUCKET: archiveBucket, EVENTS_TOPIC_ARN: eventsTopic });

export const pollEnvironment = common.extend({ ARCHIVE_BUCKET: archiveBucket, EVENTS_TOPIC_ARN: eventsTopic });

export const watchEnvironment = common.extend({
  ARCHIVE_BUCKET: archiveBucket,
  EVENTS_TOPIC_ARN: eventsTopic,
  INGEST_QUEUE_URL: url.describe('Where drops to be taken are queued.'),
  OUTBOX_QUEUE_URL: outboxQueue,
  NOTICES_TOPIC_ARN: name.describe('Where notices to people are published.'),
  OPERATORS_CONTACT: name.optional().describe('How organisations reach the operators; stands in notices.'),
  POLL_QUEUE_URL: url.describe('Where mailboxes to be polled are queued.'),
});

const bytes = z.coerce.number().int().positive();

export const apiEnvironment = common
  .pick({
    STAGE: true,
    TABLE_NAME: true,
    INBOX_BUCKET: true,
    MESSAGES_BUCKET: true,
    POWERTOOLS_SERVICE_NAME: true,
    POWERTOOLS_METRICS_NAMESPACE: true,
    POWERTOOLS_LOG_LEVEL: true,
  })
  .extend({
    ARCHIVE_BUCKET: archiveBucket,
    /** The one that compose has. */
    MAX_PDF_BYTES: bytes.describe('Longest file that the API takes, in bytes.'),
    MAX_INLINE_BYTES: bytes.describe('Longest PDF inside a request, in bytes before base64.'),
    UPLOAD_LIFE_SECONDS: z.coerce
      .number()
      .int()
      .min(60)
      .max(3600)
      .describe('How long the form of an upload can be posted.'),
  });

export const authoriseEnvironment = common
  .pick({
    STAGE: true,
    TABLE_NAME: true,
    POWERTOOLS_SERVICE_NAME: true,
    POWERTOOLS_METRICS_NAMESPACE: true,
    POWERTOOLS_LOG_LEVEL: true,
  })
  .extend({
    TOKEN_ISSUER: url.describe('What `iss` of a token must be.'),
    TOKEN_AUDIENCE: name.describe(
      'What `aud` of a token must hold; for a Cognito access token, which has none, the resource server of its scopes.',
    ),
    JWKS_URL: url.describe('Where the issuer publishes its keys.'),
    TOKEN_LEEWAY_SECONDS: z.coerce
      .number()
      .int()
      .min(0)
      .max(300)
      .describe('How far the issuer’s clock and ours may lie apart.'),
  });

export const environments = {
  compose: composeEnvironment,
  send: sendEnvironment,
  poll: pollEnvironment,
  watch: watchEnvironment,
  api: apiEnvironment,
  authorise: authoriseEnvironment,
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
