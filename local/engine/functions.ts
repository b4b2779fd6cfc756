import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../../shared/platform/clock.ts';
import type { LocalClock } from '../clock.ts';
import type { Credentials, Endpoints } from './clients.ts';
import { startEnvironment } from './execution-environment.ts';
import { openFunctionLog } from './function-log.ts';
import { createFunctionPool, type FunctionPool } from './function-pool.ts';
import { functionVariables } from './function-variables.ts';
import type { InvocationOutcome } from './invocation.ts';
import type { FunctionDefinition } from './plan.ts';

export interface FunctionsSetting {
  readonly endpoints: Endpoints;
  readonly region: string;
  readonly clock: LocalClock;
  readonly logDir: string;
  /** Temporary files of each process go into a folder of its own here. */
  readonly temporaryDir: string;
  /** Given every line that a function prints, and how each invocation ended. */
  heard?(line: string): void;
  invoked?(functionName: string, outcome: InvocationOutcome, startedAt: number): void;
  /** Credentials of a function's role. */
  credentialsFor(definition: FunctionDefinition): Credentials;
}

export interface DeployedFunction {
  readonly name: string;
  readonly timeoutMs: number;
  readonly pool: FunctionPool;
}

export interface DeployedFunctions {
  /** Throws for a name that is none. */
  byName(name: string): DeployedFunction;
  byArn(arn: string): DeployedFunction | undefined;
  close(): Promise<void>;
}

/** Makes every function of the templates ready to be invoked. Processes start with the first invocations. */
export const deployFunctions = (
  definitions: readonly FunctionDefinition[],
  setting: FunctionsSetting,
): DeployedFunctions => {
  const { endpoints, region, clock, logDir } = setting;
  const deployed = definitions.map((definition) => {
    const log = openFunctionLog(join(logDir, `${definition.name}.log`), setting.heard);
    const credentials = setting.credentialsFor(definition);
    const pool = createFunctionPool({
      clock,
      ended: (outcome, startedAt) => setting.invoked?.(definition.name, outcome, startedAt),
      ...(definition.reservedConcurrency === undefined ? {} : { reservedConcurrency: definition.reservedConcurrency }),
      start() {
        const id = randomUUID().replaceAll('-', '');
        const temporaryDir = join(setting.temporaryDir, `${definition.name}-${id}`);
        mkdirSync(temporaryDir, { recursive: true });
        const logStream = `${isoTime(clock.now()).slice(0, 10).replaceAll('-', '/')}/[$LATEST]${id}`;
        const surroundings = { endpoints, credentials, region, clock, logStream, temporaryDir };
        return startEnvironment({ definition, variables: functionVariables(definition, surroundings), clock, log });
      },
    });
    return {
      name: definition.name,
      arn: definition.arn,
      timeoutMs: definition.timeoutMs,
      pool,
      async close() {
        await pool.close();
        await log.close();
      },
    };
  });
  return {
    byName(name) {
      const found = deployed.find((each) => each.name === name);
      if (!found) throw new Error(`There is no function ${name}`);
      return found;
    },
    byArn: (arn) => deployed.find((each) => arn === each.arn || arn.startsWith(`${each.arn}:`)),
    async close() {
      await Promise.all(deployed.map((each) => each.close()));
    },
  };
};
