import { Agent, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { ServiceError } from '../service.ts';

/** The store behind the shim: dynalite on a port of its own, which nobody is told. */
export interface Store {
  /** One operation of DynamoDB. Throws a ServiceError in DynamoDB's vocabulary. */
  call(operation: string, input: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

// The store wants to see a signature but does not check it; ours was checked before.
const headers = {
  'content-type': 'application/x-amz-json-1.0',
  authorization: 'AWS4-HMAC-SHA256 Credential=shim, SignedHeaders=host, Signature=none',
  'x-amz-date': '20000101T000000Z',
};

const errorOf = (status: number, body: Record<string, unknown>): ServiceError => {
  const { __type: type, message, Message, ...detail } = body;
  const code = String(type ?? 'InternalServerError').replace(/^.*#/, '');
  return new ServiceError(code, String(message ?? Message ?? code), status, detail);
};

export const startStore = async (dir?: string): Promise<Store> => {
  const server = dynalite({
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
    ...(dir === undefined ? {} : { path: dir }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const underWay = new Set<Promise<unknown>>();
  let closing = false;

  const ask = (operation: string, input: object) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const body = Buffer.from(JSON.stringify(input));
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port,
          agent,
          method: 'POST',
          headers: { ...headers, 'x-amz-target': `DynamoDB_20120810.${operation}`, 'content-length': body.length },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const answer = JSON.parse(Buffer.concat(parts).toString('utf8') || '{}') as Record<string, unknown>;
            const status = response.statusCode ?? 500;
            if (status === 200) resolve(answer);
            else reject(errorOf(status, answer));
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });

  return {
    call(operation, input) {
      if (closing) return Promise.reject(new ServiceError('ServiceUnavailable', 'The service is being closed.', 503));
      const asked = ask(operation, input);
      const over = asked.then(
        () => undefined,
        () => undefined,
      );
      underWay.add(over);
      void over.then(() => underWay.delete(over));
      return asked;
    },
    // The store goes on with what it has begun, and throws where its database is gone meanwhile.
    async close() {
      closing = true;
      await Promise.all(underWay);
      agent.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
};
