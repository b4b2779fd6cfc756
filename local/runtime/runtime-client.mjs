// The function's side of the Lambda Runtime API: loads the handler from the bundle and answers invocations one after
// another. It runs in a process of its own, with no more than what Lambda's Node.js runtime gives a function.
import { existsSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// The engine holds the other end. It closes when the engine goes, however it goes.
process.stdin.on('error', () => process.exit(1));
process.stdin.on('close', () => process.exit(0));
process.stdin.resume();
// Ctrl-C in the terminal reaches every process of the group; the engine alone decides when this one ends.
process.on('SIGINT', () => {});

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');

// A connection for each call: one kept alive could be closed under a handler that takes its time.
const call = (method, path, body, headers = {}) =>
  new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, method, path: `/2018-06-01/runtime/${path}`, agent: false, headers },
      (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });

const report = (error) => ({
  body: JSON.stringify({
    errorType: error?.name ?? 'Error',
    errorMessage: error instanceof Error ? error.message : String(error),
    trace: String(error?.stack ?? '').split('\n'),
  }),
  headers: { 'content-type': 'application/json', 'lambda-runtime-function-error-type': error?.name ?? 'Error' },
});

const fault = (name, message) => Object.assign(new Error(message), { name });

const loadHandler = async () => {
  const [, file, name] = /^(.*)\.([^.]+)$/.exec(process.env._HANDLER) ?? [];
  const path = ['.mjs', '.cjs', '.js']
    .map((extension) => join(process.env.LAMBDA_TASK_ROOT, `${file}${extension}`))
    .find((candidate) => existsSync(candidate));
  if (!path) throw fault('Runtime.ImportModuleError', `Cannot find module '${file}'`);
  const handler = (await import(pathToFileURL(path).href))[name];
  if (typeof handler !== 'function') {
    throw fault('Runtime.HandlerNotFound', `${process.env._HANDLER} is undefined or not exported`);
  }
  return handler;
};

const contextOf = (headers) => {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
};

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  console.error(error);
  const { body, headers } = report(error);
  await call('POST', 'init/error', body, headers);
  process.exit(1);
}

for (;;) {
  const { headers, body } = await call('GET', 'invocation/next');
  const path = `invocation/${headers['lambda-runtime-aws-request-id']}`;
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
  // For the engine's report line only; no part of the Runtime API.
  const memory = () => ({ 'local-max-memory-kib': String(process.resourceUsage().maxRSS) });
  try {
    const result = await handler(JSON.parse(body), contextOf(headers));
    await call('POST', `${path}/response`, JSON.stringify(result) ?? 'null', memory());
  } catch (error) {
    console.error(error);
    const reported = report(error);
    await call('POST', `${path}/error`, reported.body, { ...reported.headers, ...memory() });
  }
}
