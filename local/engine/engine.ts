import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isoTime } from '../../shared/platform/clock.ts';
import { type Json, parseJson } from '../aws/events/pattern.ts';
import { createEventRouter } from '../aws/events/router.ts';
import type { ServiceCall } from '../aws/service.ts';
import type { LocalClock } from '../clock.ts';
import { startApi } from './api-gateway/front.ts';
import { readAssembly } from './assembly.ts';
import { invokeAsync } from './async-invocations.ts';
import { type Credentials, createClients } from './clients.ts';
import { metricsIn } from './cloudwatch/emf.ts';
import { createMetricStore } from './cloudwatch/metric-store.ts';
import { type Alarms, startMonitor } from './cloudwatch/monitor.ts';
import { callMetrics, invocationMetrics, queueMetrics, withinMinute } from './cloudwatch/service-metrics.ts';
import { startEventSource } from './event-source.ts';
import { type DeployedFunctions, deployFunctions } from './functions.ts';
import type { InvocationOutcome } from './invocation.ts';
import { type LocalServices, type Ports, startLocalServices } from './local-services.ts';
import { emptyPlan } from './plan.ts';
import { provision } from './provision.ts';
import type { Resources } from './resources.ts';
import { createRoleObserver, type OutsideRole } from './role-observer.ts';
import { startSchedules } from './schedules.ts';

export interface EngineSetting {
  /** A synthesised cloud assembly (`cdk.out`). */
  readonly assemblyDir: string;
  /** Logs, bodies of objects and temporary files go here. What an earlier engine left in it is removed. */
  readonly stateDir: string;
  /** Real or scaled: functions run in processes of their own, which a virtual clock cannot reach. */
  readonly clock: LocalClock;
  readonly ports?: Ports & { readonly api?: number };
  /** An e-mail that was given to the run's SNS; `email.log` has it too. */
  readonly onEmail?: (to: string, subject: string, message: string) => void;
  /** The developer's, all-powerful; by default made for this engine. */
  readonly credentials?: Credentials;
  readonly region?: string;
  readonly account?: string;
}

export interface Engine {
  readonly s3Endpoint: string;
  readonly sqsEndpoint: string;
  readonly dynamodbEndpoint: string;
  readonly secretsEndpoint: string;
  readonly snsEndpoint: string;
  /** Where callers of the template's API begin; undefined where it has none. */
  readonly apiUrl: string | undefined;
  readonly region: string;
  readonly account: string;
  readonly credentials: Credentials;
  /** The templates' alarms, judged each minute by what functions printed and what lies in queues. */
  readonly alarms: Alarms;
  /** As Lambda's PutFunctionConcurrency; without a number as the template has it. */
  reserveConcurrency(functionName: string, concurrency?: number): void;
  /** `{function}.log` for each function, `alarms.log` (changes), `api-access.log`, `outside-role.log`, `email.log`, `engine.log` (the warnings). */
  readonly logDir: string;
  readonly resources: Resources;
  /** Short for `resources.physicalName`. */
  physicalName(pathOrLogicalId: string): string;
  /** Invokes a function by its name and waits for its answer. */
  invoke(functionName: string, event: Json): Promise<InvocationOutcome>;
  /** Calls that functions made outside their roles. */
  readonly outsideRole: OutsideRole;
  /** What in the templates is not acted on here, and what went wrong since: sentences. */
  readonly warnings: readonly string[];
  /** Ends everything at once; no process is left. */
  close(): Promise<void>;
}

/** The rest is in `engine.log`. */
const mostWarnings = 1000;

const newCredentials = (): Credentials => ({
  accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64url'),
});

/** Runs what a synthesised assembly says: its resources in the local services, its functions as processes. */
export const startEngine = async (setting: EngineSetting): Promise<Engine> => {
  const { clock, region = 'eu-west-2', account = '000000000000', credentials = newCredentials() } = setting;
  if (clock.scale <= 0) throw new Error('Functions run in processes of their own: the engine needs a clock that runs');
  const stateDir = resolve(setting.stateDir);
  const logDir = join(stateDir, 'logs');
  for (const dir of [logDir, join(stateDir, 'tmp')]) rmSync(dir, { recursive: true, force: true });
  mkdirSync(logDir, { recursive: true });

  const plan = emptyPlan();
  const warnings: string[] = [];
  const warn = (sentence: string): void => {
    if (warnings.length < mostWarnings) warnings.push(sentence);
    appendFileSync(join(logDir, 'engine.log'), `${isoTime(clock.now())} ${sentence}\n`);
  };
  const own = newCredentials();
  const secrets = new Map([own, credentials].map((each) => [each.accessKeyId, each.secretAccessKey]));
  const callers = new Map<string, { functionName: string; roleName: string }>();
  const { observe, outsideRole } = createRoleObserver({
    callerOf: (accessKeyId) => callers.get(accessKeyId),
    roles: plan.roles,
    clock,
    file: join(logDir, 'outside-role.log'),
  });

  const closing = new AbortController();
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    closing.abort();
    for (const each of [...closers].reverse()) await each();
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeAll();
    return closed;
  };

  try {
    const assembly = readAssembly(setting.assemblyDir);
    let services: LocalServices | undefined;
    let functions: DeployedFunctions | undefined;

    /** Hands an input to a queue, topic or function; false where there is none of that ARN. */
    const deliver = (arn: string, input: string, options: { groupId?: string } = {}): boolean => {
      const pool = functions?.byArn(arn);
      if (pool) {
        const async = plan.asyncInvocations.get(pool.name);
        void invokeAsync(parseJson(input), {
          pool: pool.pool,
          clock,
          ...(async === undefined ? {} : { setting: async }),
          giveUp: (queueArn, event) => void services?.sqs.deliver(queueArn, JSON.stringify(event)),
          closing: closing.signal,
        });
        return true;
      }
      if (arn.startsWith('arn:aws:sqs:')) return services?.sqs.deliver(arn, input, options) ?? false;
      if (!services || !arn.startsWith('arn:aws:sns:')) return false;
      try {
        services.sns.publish(arn, { message: input });
        return true;
      } catch {
        return false;
      }
    };
    const router = createEventRouter({
      rules: plan.rules,
      clock,
      deliver,
      deadLetter: (queueArn, event, attributes) => services?.sqs.deliver(queueArn, event, { attributes }) ?? false,
    });
    const routing = (outcomes: ReturnType<typeof router.route>): void => {
      outcomes.then(
        (all) => {
          for (const { rule, targetArn, result } of all) {
            if (result !== 'delivered') warn(`Rule ${rule} could not deliver to ${targetArn}: ${result}`);
          }
        },
        (error) => warn(`Routing an event failed: ${error instanceof Error ? error.message : String(error)}`),
      );
    };

    services = await startLocalServices({
      clock,
      region,
      account,
      identities: { secretFor: (accessKeyId) => secrets.get(accessKeyId) },
      observe: (call: ServiceCall) => observe(call),
      stateDir,
      ports: setting.ports ?? {},
      onEvent: (event) => routing(router.route(event)),
      onNotification: (arn, event) => void deliver(arn, JSON.stringify(event)),
      onEmail: (to, subject, message) => {
        appendFileSync(
          join(logDir, 'email.log'),
          `${JSON.stringify({ at: isoTime(clock.now()), to, subject, message })}\n`,
        );
        setting.onEmail?.(to, subject, message);
      },
    });
    closers.push(services.close);
    const { endpoints } = services;
    const clients = createClients(endpoints, region, own, clock);
    closers.push(() => clients.destroy());

    const metrics = createMetricStore();
    const resources = await provision(assembly, { region, account, clients, assets: assembly.assets, plan, warn });
    functions = deployFunctions(plan.functions, {
      endpoints,
      region,
      clock,
      logDir,
      temporaryDir: join(stateDir, 'tmp'),
      heard(line) {
        for (const datum of metricsIn(line)) metrics.put(datum);
      },
      invoked(name, outcome, startedAt) {
        for (const datum of invocationMetrics(name, outcome, startedAt, clock.now())) metrics.put(datum);
      },
      credentialsFor({ name, roleName }) {
        const given = newCredentials();
        secrets.set(given.accessKeyId, given.secretAccessKey);
        callers.set(given.accessKeyId, { functionName: name, roleName });
        return given;
      },
    });
    const deployed = functions;
    closers.push(deployed.close);
    for (const definition of plan.eventSources) {
      const { pool } = deployed.byName(definition.functionName);
      const source = startEventSource({ definition, pool, sqs: clients.sqs, clock, region, warn });
      closers.push(source.close);
    }
    const [stage, ...otherStages] = plan.apiStages;
    if (otherStages.length > 0) throw new Error('The templates have several stages of APIs; one is served here.');
    const api =
      stage &&
      (await startApi({
        stage,
        place: { region, account },
        clock,
        ...(setting.ports?.api === undefined ? {} : { port: setting.ports.api }),
        accessLog: join(logDir, 'api-access.log'),
        answered(status, latencyMs, at) {
          const call = { apiName: stage.apiName, stageName: stage.name, status, latencyMs };
          for (const datum of callMetrics(call, at)) metrics.put(datum);
        },
        async invoke(functionArn, event) {
          const invoked = deployed.byArn(functionArn);
          if (!invoked) throw new Error(`There is no function ${functionArn}`);
          // Whoever waits for an answer waits by the machine's time.
          return invoked.pool.invoke(event, { timeoutMs: invoked.timeoutMs * Math.max(1, clock.scale) });
        },
      }));
    if (api) closers.push(api.close);
    const { sqs, sns } = services;
    const queues = resources.byType('AWS::SQS::Queue').map(({ attributes }) => String(attributes.Arn));
    const monitor = startMonitor({
      definitions: plan.alarms,
      store: metrics,
      clock,
      region,
      account,
      sample: (end) =>
        queues.flatMap((arn) => {
          const depth = sqs.depth(arn);
          return depth ? queueMetrics(arn.split(':').at(-1) ?? '', depth, withinMinute(end)) : [];
        }),
      publish(topicArn, message) {
        try {
          sns.publish(topicArn, message);
          return true;
        } catch {
          return false;
        }
      },
      logFile: join(logDir, 'alarms.log'),
      warn,
    });
    closers.push(monitor.close);
    closers.push(startSchedules(plan.schedules, clock, (name) => routing(router.fire(name, { region, account }))));

    return {
      s3Endpoint: endpoints.s3,
      sqsEndpoint: endpoints.sqs,
      dynamodbEndpoint: endpoints.dynamodb,
      secretsEndpoint: endpoints.secrets,
      snsEndpoint: endpoints.sns,
      apiUrl: api?.url,
      region,
      account,
      credentials,
      logDir,
      resources,
      physicalName: resources.physicalName,
      invoke: (name, event) => deployed.byName(name).pool.invoke(event),
      outsideRole,
      alarms: monitor,
      reserveConcurrency: (name, concurrency) => deployed.byName(name).pool.reserve(concurrency),
      warnings,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
