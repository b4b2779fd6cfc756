import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Json } from '../aws/events/pattern.ts';
import type { LocalClock } from '../clock.ts';
import type { FunctionLog } from './function-log.ts';
import type { InvocationOutcome } from './invocation.ts';
import type { FunctionDefinition } from './plan.ts';
import { type Answer, startRuntimeApi } from './runtime-api.ts';

const preload = new URL('../runtime/preload.mjs', import.meta.url).href;
const client = fileURLToPath(new URL('../runtime/runtime-client.mjs', import.meta.url));

/** One process that runs a function's bundle, one event at a time. */
export interface ExecutionEnvironment {
  /** False once its process has ended: it takes no more events. */
  readonly alive: boolean;
  /** `timeoutMs` takes the place of the template's. */
  invoke(event: Json, timeoutMs?: number): Promise<InvocationOutcome>;
  /** Kills the process; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface EnvironmentSetting {
  readonly definition: FunctionDefinition;
  /** The process's environment variables, but for the address of its Runtime API. */
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: LocalClock;
  readonly log: FunctionLog;
  /** How long loading the bundle may take, in the machine's milliseconds: it is the machine that loads it. */
  readonly initLimitMs?: number;
}

type Ending = { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string };

const ending = (errorType: string, errorMessage: string): Ending => ({ kind: 'failed', errorType, errorMessage });

const lambdaRequestRoot = () =>
  `Root=1-${randomUUID()
    .replaceAll('-', '')
    .replace(/^(.{8})(.{24}).*$/, '$1-$2')}`;

/** Starts a process for a function. It is not waited for: the first invocation does that. */
export const startEnvironment = async (setting: EnvironmentSetting): Promise<ExecutionEnvironment> => {
  const { definition, clock, log, initLimitMs = 60_000 } = setting;
  let alive = true;
  let ready = false;
  let initMs = 0;
  let invocations = 0;
  // Replaced for each wait: who is to hear of an answer, and who of the process's end.
  let heard: (answer: Answer) => void = () => {};
  let ended: (how: Ending) => void = () => {};
  let whenReady: () => void = () => {};
  let lastWords: Ending | undefined;

  const startedAt = performance.now();
  const api = await startRuntimeApi({
    onReady() {
      if (!ready) initMs = performance.now() - startedAt;
      ready = true;
      whenReady();
    },
    onInitError: ({ errorType, errorMessage }) => {
      lastWords = ending(errorType, errorMessage);
    },
    onAnswer: (answer) => heard(answer),
  });

  const child: ChildProcess = spawn(
    process.execPath,
    [`--max-old-space-size=${Math.floor(definition.memoryMb * 0.9)}`, '--import', preload, client],
    {
      cwd: definition.codeDir,
      env: { ...setting.variables, AWS_LAMBDA_RUNTIME_API: api.address },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  child.stdin?.on('error', () => {});
  if (child.stdout) log.follow(child.stdout);
  if (child.stderr) log.follow(child.stderr);
  const gone = new Promise<void>((resolve) => {
    const end = (how: string) => {
      if (!alive) return;
      alive = false;
      lastWords ??= ending('Runtime.ExitError', `Error: Runtime exited with error: ${how}`);
      ended(lastWords);
      api.close().then(resolve);
    };
    child.on('exit', (code, signal) => end(signal ? `signal: ${signal}` : `exit status ${code}`));
    child.on('error', (error) => end(error.message));
  });

  const stop = (): Promise<void> => {
    child.kill('SIGKILL');
    return gone;
  };

  /** Resolves when the process asks for its first event; with how it ended, if it ends instead. */
  const initialised = (): Promise<Ending | undefined> => {
    if (lastWords) return Promise.resolve(lastWords);
    if (ready) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const overdue = setTimeout(() => {
        lastWords = ending('Sandbox.Timedout', `Error: Initialisation took longer than ${initLimitMs} ms`);
        stop();
      }, initLimitMs);
      const done = (how: Ending | undefined) => {
        clearTimeout(overdue);
        resolve(how);
      };
      whenReady = () => done(undefined);
      ended = done;
    });
  };

  /** Waits for an answer, the process's end or the timeout, whichever comes first. */
  const settled = (requestId: string, deadline: number, timeoutMs: number) =>
    new Promise<Answer | Ending>((resolve) => {
      const disarm = clock.at(deadline, () => {
        const limit = (timeoutMs / 1000).toFixed(2);
        lastWords = ending('Sandbox.Timedout', `RequestId: ${requestId} Error: Task timed out after ${limit} seconds`);
        stop();
      });
      heard = (answer) => {
        if (answer.requestId !== requestId) return;
        disarm();
        resolve(answer);
      };
      ended = (how) => {
        disarm();
        resolve(how);
      };
      // It may have ended while nobody listened.
      if (!alive && lastWords) ended(lastWords);
    });

  return {
    get alive() {
      return alive && lastWords === undefined;
    },
    stop,
    async invoke(event, timeoutMs = definition.timeoutMs) {
      const requestId = randomUUID();
      const cold = invocations++ === 0;
      const failure = await initialised();
      if (failure) {
        log.line(`INIT_REPORT Status: error Error Type: ${failure.errorType}`);
        return failure;
      }
      log.line(`START RequestId: ${requestId} Version: $LATEST`);
      const start = clock.now();
      const deadline = start + timeoutMs;
      api.give({ requestId, event, deadline, functionArn: definition.arn, traceId: lambdaRequestRoot() });
      const result = await settled(requestId, deadline, timeoutMs);
      // What the process printed before it answered is in its pipe: let it come first.
      await setImmediate();
      const took = clock.now() - start;
      const answered = 'requestId' in result;
      if (!answered) log.line(`${requestId} ${result.errorMessage}`);
      log.line(`END RequestId: ${requestId}`);
      log.line(
        [
          `REPORT RequestId: ${requestId}`,
          `Duration: ${took.toFixed(2)} ms`,
          `Billed Duration: ${Math.ceil(took)} ms`,
          `Memory Size: ${definition.memoryMb} MB`,
          ...(answered ? [`Max Memory Used: ${Math.ceil(result.maxMemoryKib / 1024)} MB`] : []),
          ...(cold ? [`Init Duration: ${initMs.toFixed(2)} ms`] : []),
          ...(answered && 'payload' in result.result ? [] : ['Status: error']),
        ].join('\t'),
      );
      if (!answered) return result;
      return 'error' in result.result
        ? { kind: 'failed', ...result.result.error }
        : { kind: 'answered', payload: result.result.payload };
    },
  };
};
