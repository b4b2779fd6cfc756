import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * A process of its own: mutual TLS and the least that an HTTP server can do. It takes a message to its end and answers
 * with an id, counts what it got, and knows nothing else of MESH.
 */

export interface BareServerSetting {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export interface BareServerCounts {
  readonly port: number;
  /** TLS handshakes completed, by the common name of the client's certificate. */
  readonly handshakes: Readonly<Record<string, number>>;
  readonly posts: number;
  readonly bytes: number;
}

const answer = Buffer.from('{"message_id":"20200529155357895317_3573F8"}');

const serve = (setting: BareServerSetting) => {
  const handshakes: Record<string, number> = {};
  let posts = 0;
  let bytes = 0;
  const server = createServer(
    { ...setting, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2', keepAliveTimeout: 60_000 },
    (request, response) => {
      request.on('data', (piece: Buffer) => {
        bytes += piece.length;
      });
      request.on('end', () => {
        if (request.method === 'POST') posts++;
        response.writeHead(202, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
        response.end(answer);
      });
    },
  );
  server.on('secureConnection', (socket) => {
    const name = String(socket.getPeerCertificate().subject.CN);
    handshakes[name] = (handshakes[name] ?? 0) + 1;
  });
  const tell = () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ port, handshakes, posts, bytes } satisfies BareServerCounts);
  };
  server.listen(0, '127.0.0.1', tell);
  process.on('message', tell);
  process.on('disconnect', () => process.exit());
};

process.once('message', (setting: BareServerSetting) => serve(setting));
