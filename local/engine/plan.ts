import type { EventRule } from '../aws/events/router.ts';
import type { ApiStage, ApiUnderway, Throttle } from './api-gateway/definition.ts';
import type { AlarmDefinition } from './cloudwatch/alarm-definition.ts';
import type { Statement } from './statements.ts';

/** A function as its template has it, every value resolved. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  /** `file.export`, as in `index.handler`. */
  readonly handler: string;
  /** The unpacked bundle. */
  readonly codeDir: string;
  readonly runtime: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** At most so many at a time; absent: as many as there is work for. */
  readonly reservedConcurrency?: number;
  readonly roleName: string;
  readonly logGroup: string;
}

/** A queue that a function reads. */
export interface EventSourceDefinition {
  readonly queueArn: string;
  readonly functionName: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly reportsItemFailures: boolean;
  readonly maximumConcurrency: number;
}

/** What becomes of an asynchronous invocation (a schedule's, a rule's) that fails. */
export interface AsyncInvocation {
  readonly maximumRetryAttempts: number;
  readonly maximumAgeMs: number;
  /** Queue that a given-up event goes to. */
  readonly onFailureArn?: string;
}

export interface ScheduleDefinition {
  readonly ruleName: string;
  /** `rate(…)` or `cron(…)`. */
  readonly expression: string;
}

/** What provisioning found that runs in the engine itself, rather than in one of the local services. */
export interface Plan {
  readonly functions: FunctionDefinition[];
  readonly eventSources: EventSourceDefinition[];
  readonly rules: EventRule[];
  readonly schedules: ScheduleDefinition[];
  /** By function name. */
  readonly asyncInvocations: Map<string, AsyncInvocation>;
  /** By role name: every statement of its inline and managed policies. */
  readonly roles: Map<string, Statement[]>;
  readonly alarms: AlarmDefinition[];
  /** By id. */
  readonly apis: Map<string, ApiUnderway>;
  readonly apiStages: ApiStage[];
  /** Values of API keys by id. */
  readonly apiKeys: Map<string, string>;
  /** By id. */
  readonly usagePlans: Map<string, { readonly throttle?: Throttle; readonly stages: readonly ApiStage[] }>;
}

export const emptyPlan = (): Plan => ({
  functions: [],
  eventSources: [],
  rules: [],
  schedules: [],
  asyncInvocations: new Map(),
  roles: new Map(),
  alarms: [],
  apis: new Map(),
  apiStages: [],
  apiKeys: new Map(),
  usagePlans: new Map(),
});
