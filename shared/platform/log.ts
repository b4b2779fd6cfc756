import { Logger } from '@aws-lambda-powertools/logger';

/**
 * The only fields a log line may carry: ids, codes, counts and our own words. There is no way to log an object, a
 * header set or a manifest (DESIGN 6).
 */
export interface LogFields {
  readonly documentId?: string;
  readonly composition?: number;
  readonly attempt?: number;
  readonly state?: string;
  readonly what?: string;
  readonly why?: string;
  /** A code of MESH, ITK3 or ours. */
  readonly resultCode?: string;
  readonly odsCode?: string;
  readonly mailboxId?: string;
  readonly meshMessageId?: string;
  readonly workflowId?: string;
  readonly slot?: string;
  readonly count?: number;
  readonly daysToExpiry?: number;
  /** Of a request to the API: its ids, checked; who called; the route, never the address; the status answered. */
  readonly requestId?: string;
  readonly correlationId?: string;
  /** API Gateway's own name of it: what its access log and the answers that it gives by itself have. */
  readonly gatewayRequestId?: string;
  readonly clientId?: string;
  readonly route?: string;
  readonly status?: number;
  /** Name and message of an error of ours or of AWS: never one that quotes input. */
  readonly error?: string;
}

export interface Log {
  /** `code` is stable: alarms and queries key on it. */
  info(code: string, fields?: LogFields): void;
  warn(code: string, fields?: LogFields): void;
  error(code: string, fields?: LogFields): void;
}

export const powertoolsLog = (service: string): Log => {
  const logger = new Logger({ serviceName: service });
  const line = (code: string, fields: LogFields = {}) => ({ message: code, code, ...fields });
  return {
    info: (code, fields) => logger.info(line(code, fields)),
    warn: (code, fields) => logger.warn(line(code, fields)),
    error: (code, fields) => logger.error(line(code, fields)),
  };
};

/**
 * An error as a log may show it. Parse errors quote their input and AWS's quote names of objects, so only their names
 * are kept, with AWS's status.
 */
export const errorText = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown error';
  if (error instanceof SyntaxError) return error.name;
  const status = awsStatus(error);
  return status === undefined ? `${error.name}: ${error.message}` : `${error.name} (AWS, status ${status})`;
};

const awsStatus = (error: Error): number | 'none' | undefined => {
  const metadata: unknown = Reflect.get(error, '$metadata');
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const status: unknown = Reflect.get(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : 'none';
};
