import { z } from 'zod';
import { eightYears, type StageName, type StageSettings, stageNames, stageSettings } from './stage-settings.ts';

/** Where deployments differ: whoever deploys edits this file. */

/** Published test numbers that real mailboxes of test environments answer to. */
const testPatients = ['9691375*', '9691376*', '9657702*', '9686477*'];

const common = {
  region: 'eu-west-2',
  senders: [],
  mailboxes: [],
  breakGlassRoleArns: [],
  maxPdfBytes: 100 * 2 ** 20,
  doubtWaitMinutes: 15,
  giveUpAfterMinutes: 240,
  bankHolidays: { added: [], removed: [] },
  archiveStorage: { coldAfterDays: 90 },
  eventSubscriptions: [],
  logLevel: 'INFO',
  queues: {
    ingest: { batchSize: 5, maxConcurrency: 5, maxReceiveCount: 50 },
    outbox: { batchSize: 5, maxConcurrency: 5, maxReceiveCount: 200 },
    poll: { batchSize: 1, maxConcurrency: 5, maxReceiveCount: 10 },
  },
  api: {
    // Nobody's, by a name that can never exist: until a deployment names its own issuer, every token is refused.
    tokenIssuer: 'https://issuer.invalid',
    tokenAudience: 'send-document',
    jwksUrl: 'https://issuer.invalid/.well-known/jwks.json',
    leewaySeconds: 30,
    throttle: { rate: 50, burst: 100, each: { rate: 10, burst: 40 } },
    maxInlineBytes: 3 * 2 ** 20,
    uploadLifeSeconds: 900,
  },
} as const;

const elsewhere = { allowedNhsNumbers: testPatients, refusedNhsNumbers: [], refusedGivenNames: [] } as const;

/** One entry for each deployment. To drop as an organisation, add it to `senders` and deploy the data stack. */
const stages: Record<StageName, unknown> = {
  local: {
    ...common,
    ...elsewhere,
    stage: 'local',
    terminationProtection: false,
    operatorsContact: 'on this machine you: npm run operate -- resolve',
    logRetentionDays: 7,
    archiveLock: { mode: 'GOVERNANCE', days: 1 },
  },
  integration: {
    ...common,
    ...elsewhere,
    stage: 'integration',
    terminationProtection: true,
    logRetentionDays: 30,
    archiveLock: { mode: 'GOVERNANCE', days: 3 },
  },
  production: {
    ...common,
    stage: 'production',
    terminationProtection: true,
    allowedNhsNumbers: [],
    refusedNhsNumbers: ['999*', '9000000009', ...testPatients],
    // Keywords that steer the national test harness when they stand as a given name.
    refusedGivenNames: [
      '^noresponse$',
      '^invrep$',
      '^1000[1-9]$',
      '^10010$',
      '^200(0[1-9]|1[0-5])$',
      '^3000[1-4]$',
      '^IB0(0[1-9]|1[0-9]|2[0-5])$',
    ],
    logRetentionDays: 731,
    // COMPLIANCE cannot be undone, so it is a decision of the organisation's information governance, not a default.
    archiveLock: { mode: 'GOVERNANCE', days: eightYears },
  },
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const merge = (base: unknown, over: unknown): unknown =>
  isRecord(base) && isRecord(over)
    ? Object.fromEntries(
        [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [
          key,
          key in over ? merge(base[key], over[key]) : base[key],
        ]),
      )
    : over;

/**
 * The settings of one stage, checked. Throws a sentence that names every wrong setting.
 *
 * `overrides` (CDK context `settings`: an object or its JSON) replaces single settings, deep, and only in stage local:
 * tests and the one-machine run vary a setting without editing this file, a deployment cannot.
 */
export const stageSettingsOf = (stageName: unknown = 'local', overrides?: unknown): StageSettings => {
  const stage = z.enum(stageNames).safeParse(stageName);
  if (!stage.success) {
    throw new Error(`There is no stage "${String(stageName)}". Use -c stage=${stageNames.join('|')}.`);
  }
  const given: unknown = typeof overrides === 'string' ? JSON.parse(overrides) : overrides;
  if (given !== undefined && stage.data !== 'local') {
    throw new Error('The context "settings" works in stage local only: edit infra/config/stages.ts.');
  }
  if (given !== undefined && !isRecord(given)) throw new Error('The context "settings" is a JSON object.');
  const parsed = stageSettings.safeParse(given === undefined ? stages[stage.data] : merge(stages[stage.data], given));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Error(`The settings of stage ${stage.data} are wrong: ${faults}`);
};
