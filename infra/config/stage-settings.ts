import { z } from 'zod';
import { isNobodys } from '../../shared/platform/issuer-address.ts';
import { states } from '../../shared/platform/state-names.ts';

/** What may differ between deployments. Nothing else in infra/ asks which stage it is. */

const odsCode = z.string().regex(/^[A-Z0-9]{3,10}$/, 'an ODS code is 3 to 10 capital letters and digits');
const mailboxId = z.string().regex(/^[A-Z0-9]{3,40}$/, 'a mailbox id is 3 to 40 capital letters and digits');
const roleArn = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)\/.+)$/, 'the ARN of an IAM principal');
/** Ten digits, or fewer with a trailing `*` that stands for any rest. */
const nhsNumberPattern = z.string().regex(/^(\d{10}|\d{1,9}\*)$/);
/** Travels comma-separated in an environment variable. */
const regularExpression = z.string().refine((text) => {
  try {
    return !text.includes(',') && new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}, 'a regular expression without a comma');

const queueSetting = (maxBatch: number) =>
  z.strictObject({
    batchSize: z.number().int().min(1).max(maxBatch).describe('Messages that the function is given at a time.'),
    maxConcurrency: z
      .number()
      .int()
      .min(2)
      .max(1000)
      .describe('How many copies of the function this queue may keep busy; Lambda’s own lower bound is 2.'),
    maxReceiveCount: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .describe(
        'How often a message comes back before it is dead. Only catches bugs: the record decides when a document is given up, so it lies far above what any honest retry reaches.',
      ),
  });

const isLoopback = (url: string): boolean => /^http:\/\/127\.0\.0\.1:\d+(\/|$)/.test(url);
/** What is said travels over TLS; addresses of one machine are the exception, which only stage local takes. */
const secureUrl = z.url().refine((url) => url.startsWith('https://') || isLoopback(url), 'an https address');

/** Who may call the API, and how much. */
const apiSetting = z.strictObject({
  tokenIssuer: secureUrl.describe(
    'Whose tokens are taken: the `iss` of an OIDC issuer. For a Cognito user pool, whose app clients use the client credentials grant: `https://cognito-idp.{region}.amazonaws.com/{user pool id}`. Until a deployment names its own, every token is refused with 401.',
  ),
  tokenAudience: z
    .string()
    .regex(/^[\w.:/-]{1,200}$/)
    .describe('Whom a token must be meant for.'),
  jwksUrl: secureUrl.describe(
    'Where the issuer’s public keys are. For a Cognito user pool: `{issuer}/.well-known/jwks.json`.',
  ),
  leewaySeconds: z.number().int().min(0).max(300).describe('How far the issuer’s clock may be from ours.'),
  throttle: z.strictObject({
    rate: z.number().positive().max(10_000).describe('Requests a second, of all callers together.'),
    burst: z.number().int().min(1).max(5_000).describe('Requests at once, of all callers together.'),
    each: z.strictObject({
      rate: z.number().positive().max(10_000).describe('Requests a second, of one organisation and those of its lane.'),
      burst: z
        .number()
        .int()
        .min(1)
        .max(5_000)
        .describe('Requests at once, of one organisation and those of its lane.'),
    }),
  }),
  maxInlineBytes: z
    .number()
    .int()
    .positive()
    .max(4 * 2 ** 20)
    .describe(
      'Longest PDF inside a request. Base64 makes it a third longer, and a function takes six megabytes in all.',
    ),
  uploadLifeSeconds: z.number().int().min(60).max(3600).describe('How long an upload form can be used.'),
});

/** What a subscriber wants to hear; what is not named may be anything. */
const eventFilter = z
  .strictObject({
    senders: z.array(odsCode).min(1).optional().describe('Only documents of these organisations.'),
    states: z
      .array(z.enum(states))
      .min(1)
      .optional()
      .describe('Only changes after which a document is in one of these.'),
    needsAttention: z
      .boolean()
      .optional()
      .describe('Only of documents that need a person, or only of those that do not.'),
  })
  .default({});
/** In names of queues and alarms. */
const subscriberName = z
  .string()
  .regex(/^[A-Z][A-Za-z0-9]{0,29}$/, 'a name is a capital letter and up to 29 letters and digits')
  .describe('Its name here, in CamelCase; changing it makes a new subscription.');

const eventSubscription = z.discriminatedUnion('protocol', [
  z.strictObject({
    name: subscriberName,
    protocol: z.literal('sqs'),
    queueArn: z.string().regex(/^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}$/, 'the ARN of a standard queue'),
    filter: eventFilter,
  }),
  z.strictObject({
    name: subscriberName,
    protocol: z.literal('https'),
    url: secureUrl,
    filter: eventFilter,
  }),
  z.strictObject({ name: subscriberName, protocol: z.literal('email'), address: z.email(), filter: eventFilter }),
]);
export type EventSubscription = z.output<typeof eventSubscription>;

/** How long an adult's health record is kept: eight years, in days. */
export const eightYears = 2922;

/** The periods that CloudWatch Logs knows. */
const logRetentionDays = z.union([
  z.literal(1),
  z.literal(7),
  z.literal(30),
  z.literal(90),
  z.literal(180),
  z.literal(365),
  z.literal(731),
  z.literal(1096),
  z.literal(1827),
  z.literal(2922),
  z.literal(3653),
]);

export const stageNames = ['local', 'integration', 'production'] as const;
export type StageName = (typeof stageNames)[number];

/** Checked by `stageSettingsOf`; docs/operating.md lists them from here. */
export const stageSettings = z
  .strictObject({
    stage: z.enum(stageNames).describe('Its name, in the names of everything.'),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
      .describe('Where patient data lives and is processed.'),
    terminationProtection: z.boolean().describe('Refuse to delete the stateful stacks.'),
    senders: z
      .array(
        z.strictObject({
          odsCode: odsCode.describe('An organisation that may drop.'),
          principalArns: z.array(roleArn).min(1).describe('Who may assume its role.'),
        }),
      )
      .refine((senders) => new Set(senders.map((sender) => sender.odsCode)).size === senders.length, {
        message: 'an organisation stands in the list twice',
      })
      .describe(
        'Who may drop: for each organisation one role that reaches `inbox/{ods}/` and `receipts/{ods}/` and nothing else, and that only its own principals can assume. All else about an organisation is set while running.',
      ),
    mailboxes: z
      .array(mailboxId)
      .refine((mailboxes) => new Set(mailboxes).size === mailboxes.length, {
        message: 'a mailbox stands in the list twice',
      })
      .describe(
        'Mailboxes that have an alarm of their own, by id. Every registered mailbox sets off the alarm of all; of one on this list, a page says which it is, comes though another is silent already, and comes too if nobody registered it.',
      ),
    breakGlassRoleArns: z
      .array(roleArn)
      .describe('The only principals that may delete from the archive, and then only what its lock no longer holds.'),
    allowedNhsNumbers: z
      .array(nhsNumberPattern)
      .describe(
        'The only NHS numbers sent: each ten digits, or fewer and `*` for any rest. Empty in production, where any but a refused one goes.',
      ),
    refusedNhsNumbers: z.array(nhsNumberPattern).describe('NHS numbers that are never sent: published test numbers.'),
    refusedGivenNames: z
      .array(regularExpression)
      .describe('Given names that are never sent: those that steer the national test harness.'),
    maxPdfBytes: z
      .number()
      .int()
      .positive()
      .max(100 * 2 ** 20)
      .describe(
        'Longest file that the API takes. How long a message may be is a setting of each sender (`maxMessageBytes`).',
      ),
    doubtWaitMinutes: z
      .number()
      .int()
      .min(1)
      .max(180)
      .describe('How long after a doubtful attempt the one flagged re-send comes.'),
    giveUpAfterMinutes: z
      .number()
      .int()
      .min(1)
      .max(1440)
      .describe('How long sending is tried before a person takes over.'),
    bankHolidays: z.strictObject({
      added: z
        .array(z.iso.date())
        .describe('Bank holidays of England beside those by rule, as dates: those that are proclaimed once.'),
      removed: z.array(z.iso.date()).describe('Dates that are bank holidays by rule and this once are not.'),
    }),
    logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).describe('The least severe log lines that are written.'),
    logRetentionDays: logRetentionDays.describe('How long logs are kept.'),
    archiveLock: z.strictObject({
      mode: z
        .enum(['GOVERNANCE', 'COMPLIANCE'])
        .describe('Who may lift the lock of the archive: break-glass roles, or nobody at all.'),
      days: z
        .number()
        .int()
        .min(1)
        .default(eightYears)
        .describe('For how long nothing can be deleted from the archive.'),
    }),
    archiveStorage: z.strictObject({
      coldAfterDays: z
        .number()
        .int()
        .min(1)
        .describe(
          'After how long messages and answers of 128 KB and more move to colder storage (S3 Glacier Instant Retrieval: cheaper to keep, dearer to read, read at once as before). S3 bills at least 90 days there.',
        ),
      deleteAfterDays: z
        .number()
        .int()
        .min(1)
        .optional()
        .describe('After how long the archive’s objects are deleted. Not before the lock ends; absent: never.'),
    }),
    alarmEmail: z
      .email()
      .optional()
      .describe('Who is told of alarms. The address must be confirmed from the message that AWS sends to it.'),
    operatorsContact: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(/^[^\r\n]*$/, 'one line')
      .optional()
      .describe(
        'How organisations reach the operators, by day and night, such as a telephone number: it stands in every notice, since what was done is told to them.',
      ),
    eventSubscriptions: z
      .array(eventSubscription)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
        message: 'a subscriber stands in the list twice',
      })
      .describe(
        'Who is told of each change of a document (docs/events): a queue, a webhook or an e-mail address, each with its `name`, `protocol` (sqs, https, email), `queueArn`, `url` or `address`, and a `filter` by `senders`, `states` and `needsAttention`. What cannot be delivered goes to a dead-letter queue of its own.',
      ),
    queues: z.strictObject({ ingest: queueSetting(10), outbox: queueSetting(10), poll: queueSetting(10) }),
    api: apiSetting,
  })
  .superRefine(({ stage, api, archiveLock, archiveStorage, eventSubscriptions }, context) => {
    if ((archiveStorage.deleteAfterDays ?? archiveLock.days) < archiveLock.days) {
      context.addIssue({
        code: 'custom',
        path: ['archiveStorage', 'deleteAfterDays'],
        message: 'nothing can be deleted before its lock ends (archiveLock.days)',
      });
    }
    for (const [index, subscription] of eventSubscriptions.entries()) {
      // The one-machine run tells nobody outside; a deployment reaches no address of one machine.
      if (subscription.protocol !== 'https' || isLoopback(subscription.url) === (stage === 'local')) continue;
      context.addIssue({
        code: 'custom',
        path: ['eventSubscriptions', index, 'url'],
        message: stage === 'local' ? 'in stage local an address of this machine' : 'an https address',
      });
    }
    if (isNobodys(api.tokenIssuer) !== isNobodys(api.jwksUrl)) {
      context.addIssue({
        code: 'custom',
        path: ['api', 'jwksUrl'],
        message: 'tokenIssuer and jwksUrl belong to one issuer: name both',
      });
    }
    for (const name of ['tokenIssuer', 'jwksUrl'] as const) {
      if (stage === 'local' || !isLoopback(api[name])) continue;
      context.addIssue({
        code: 'custom',
        path: ['api', name],
        message: 'an address of one machine works in stage local only',
      });
    }
  });
export type StageSettings = z.output<typeof stageSettings>;
