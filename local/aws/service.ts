import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalClock } from '../clock.ts';

/** Who may sign requests: access key id → secret access key. */
export interface Identities {
  secretFor(accessKeyId: string): string | undefined;
}

/** One API call as IAM sees it: who did what to which resource. */
export interface ServiceCall {
  readonly accessKeyId: string;
  /** IAM action, such as `s3:PutObject`. */
  readonly action: string;
  /** ARN, such as `arn:aws:s3:::inbox/key`. */
  readonly resource: string;
}

/** What every local service is given. */
export interface ServiceSetting {
  readonly clock: LocalClock;
  readonly region: string;
  readonly account: string;
  readonly identities: Identities;
  /** Told of every authenticated call; the engine holds it against the caller's role. */
  readonly observe?: (call: ServiceCall) => void;
  /** 0 or absent: any free port. */
  readonly port?: number;
}

export interface LocalService {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** An error in the service's own vocabulary: what the SDK shows as `error.name`. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: Readonly<Record<string, unknown>>;
  constructor(code: string, message = code, status = 400, detail: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}

/** Listens on 127.0.0.1 (a host name would make SDK clients use virtual-host addressing) and closes at once. */
export const listen = async (handler: RequestListener, port = 0): Promise<LocalService & { server: Server }> => {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    server,
    endpoint: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** A whole request body: only for control-plane and queue calls, which are small. */
export const readAll = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

export const requestId = (): string => randomUUID();
