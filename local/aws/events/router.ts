import { randomUUID } from 'node:crypto';
import { isoTime, minutes, seconds } from '../../../shared/platform/clock.ts';
import type { LocalClock } from '../../clock.ts';
import { type InputTransformer, InvalidInput, transformInput } from './input.ts';
import { atPath } from './json-path.ts';
import { isJsonObject, type JsonObject, matchesPattern, parseJson } from './pattern.ts';

export interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  /** Sent in place of the event. At most one of these three is given; none: the event itself. */
  readonly input?: string;
  readonly inputPath?: string;
  readonly inputTransformer?: InputTransformer;
  readonly deadLetterArn?: string;
  /** How often and how long a delivery that failed for the moment is tried again: by default 185 times in 24 hours. */
  readonly retry?: { readonly maximumAttempts?: number; readonly maximumAgeSeconds?: number };
  readonly sqsMessageGroupId?: string;
}

export interface EventRule {
  readonly name: string;
  /** By default made of the event's region and account and the name. */
  readonly arn?: string;
  /** A rule without a pattern is one with a schedule: it takes no events. */
  readonly pattern?: JsonObject;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly targets: readonly RuleTarget[];
}

export interface TargetOptions {
  /** Message group, for a queue. */
  readonly groupId?: string;
}

export interface EventRouterSetting {
  /** Read anew for each event, so that rules may be added to the list later. */
  readonly rules: readonly EventRule[];
  readonly clock: LocalClock;
  /**
   * Hands an input to a target. False: there is no such target, so it is not tried again. Throwing: it failed for the
   * moment and is tried again as the target's retry policy says.
   */
  deliver(targetArn: string, input: string, options: TargetOptions): boolean | Promise<boolean>;
  /** Puts the original event on a dead-letter queue. False: lost. */
  deadLetter(queueArn: string, event: string, attributes: Readonly<Record<string, string>>): boolean | Promise<boolean>;
}

export interface RoutingOutcome {
  readonly rule: string;
  readonly targetArn: string;
  readonly result: 'delivered' | 'dead-lettered' | 'lost';
}

export interface EventRouter {
  /** Gives the event to every target of every enabled rule that it matches. Resolves when all have it or gave up. */
  route(event: object): Promise<RoutingOutcome[]>;
  /** Fires a scheduled rule: its targets get a "Scheduled Event" of now. Nothing where the rule is disabled. */
  fire(ruleName: string, origin: { region: string; account: string }): Promise<RoutingOutcome[]>;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retries: number;
  readonly exhausted?: 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';
}

/** The event as JSON carries it. */
const asSent = (event: object): JsonObject => {
  const json = parseJson(JSON.stringify(event));
  if (!isJsonObject(json)) throw new Error('An event is a JSON object');
  return json;
};

const ruleArn = (rule: EventRule, event: JsonObject): string =>
  rule.arn ?? `arn:aws:events:${event.region}:${event.account}:rule/${rule.name}`;

const inputFor = (target: RuleTarget, event: JsonObject, rule: { name: string; arn: string; ingestedAt: string }) => {
  if (target.input !== undefined) return target.input;
  if (target.inputTransformer) return transformInput(target.inputTransformer, event, rule);
  const part = target.inputPath === undefined ? event : atPath(event, target.inputPath);
  return JSON.stringify(part ?? {});
};

/** One second, doubling, at most five minutes. */
const pause = (retries: number): number => Math.min(seconds(1) * 2 ** retries, minutes(5));

/** Event routing as EventBridge's default bus does it. */
export const createEventRouter = (setting: EventRouterSetting): EventRouter => {
  const { clock } = setting;

  const tryUntilDone = async (target: RuleTarget, input: string): Promise<Failure | undefined> => {
    const { maximumAttempts = 185, maximumAgeSeconds = 86_400 } = target.retry ?? {};
    const end = clock.now() + seconds(maximumAgeSeconds);
    const options = target.sqsMessageGroupId === undefined ? {} : { groupId: target.sqsMessageGroupId };
    for (let retries = 0; ; retries++) {
      try {
        const taken = await setting.deliver(target.arn, input, options);
        return taken ? undefined : { code: 'NO_RESOURCE', message: 'The target does not take the event', retries };
      } catch (error) {
        const message = error instanceof Error ? error.message : 'The target failed';
        const failure = { code: 'ERROR_FROM_TARGET', message, retries };
        if (retries >= maximumAttempts) return { ...failure, exhausted: 'MaximumRetryAttempts' };
        if (clock.now() + pause(retries) > end) return { ...failure, exhausted: 'MaximumEventAgeInSeconds' };
        await clock.sleep(pause(retries));
      }
    }
  };

  const toTarget = async (rule: EventRule, target: RuleTarget, event: JsonObject): Promise<RoutingOutcome> => {
    const arn = ruleArn(rule, event);
    const outcome = (result: RoutingOutcome['result']) => ({ rule: rule.name, targetArn: target.arn, result });
    let failure: Failure | undefined;
    try {
      const input = inputFor(target, event, { name: rule.name, arn, ingestedAt: isoTime(clock.now()) });
      failure = await tryUntilDone(target, input);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      failure = { code: 'INVALID_JSON', message: error.message, retries: 0 };
    }
    if (!failure) return outcome('delivered');
    if (target.deadLetterArn === undefined) return outcome('lost');
    const kept = await setting.deadLetter(target.deadLetterArn, JSON.stringify(event), {
      RULE_ARN: arn,
      TARGET_ARN: target.arn,
      ERROR_CODE: failure.code,
      ERROR_MESSAGE: failure.message,
      RETRY_ATTEMPTS: String(failure.retries),
      ...(failure.exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: failure.exhausted }),
    });
    return outcome(kept ? 'dead-lettered' : 'lost');
  };

  const toTargets = (rules: readonly EventRule[], event: JsonObject): Promise<RoutingOutcome[]> =>
    Promise.all(rules.flatMap((rule) => rule.targets.map((target) => toTarget(rule, target, event))));

  return {
    route: async (sent) => {
      const event = asSent(sent);
      const matching = setting.rules.filter(
        ({ state, pattern }) => state === 'ENABLED' && pattern && matchesPattern(pattern, event),
      );
      return toTargets(matching, event);
    },
    fire: async (ruleName, { region, account }) => {
      const rule = setting.rules.find(({ name, state }) => name === ruleName && state === 'ENABLED');
      if (!rule) return [];
      return toTargets([rule], {
        version: '0',
        id: randomUUID(),
        'detail-type': 'Scheduled Event',
        source: 'aws.events',
        account,
        // EventBridge's times have whole seconds.
        time: isoTime(clock.now()).replace(/\.\d+Z$/, 'Z'),
        region,
        resources: [ruleArn(rule, { region, account })],
        detail: {},
      });
    },
  };
};
