import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createMeshClient } from '../../shared/mesh/client.ts';
import type { MeshEnvelope } from '../../shared/mesh/envelope.ts';
import type { MeshPart } from '../../shared/mesh/part-pump.ts';
import { meshAuthorization } from '../../shared/mesh/token.ts';
import { systemClock } from '../../shared/platform/clock.ts';
import type { BareServerCounts } from './bare-tls-server.ts';

/**
 * The MESH client beside the least that Node can do: the same requests, headers and bytes to the same server over the
 * same mutual TLS, with a token made once. Run by `mesh.ts`, bundled as a function is.
 */

interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

interface RaceSetting {
  /** Of the server's program. */
  readonly server: string;
  readonly serverCertificate: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly ofClient: ClientCertificate;
  readonly ofRaw: ClientCertificate;
}

const small = 16_384;
const large = 20_000_000;

const race = async (setting: RaceSetting) => {
  const child = fork(fileURLToPath(setting.server), [], { execArgv: ['--import', 'tsx'] });
  const told = () => new Promise<BareServerCounts>((resolve) => child.once('message', resolve));
  const counts = () => {
    const answer = told();
    child.send('counts');
    return answer;
  };
  const listening = told();
  child.send(setting.serverCertificate);
  const { port } = await listening;

  const end = Date.now() + 3_600_000;
  const mailboxId = 'RX1OT001';
  const path = `/messageexchange/${mailboxId}/outbox`;
  const credentials = { ...setting.ofClient, password: 'password', sharedKey: 'TestKey' };
  const client = createMeshClient({
    baseUrl: `https://127.0.0.1:${port}`,
    mailboxId,
    credentials,
    clock: systemClock,
    ids: { uuid: randomUUID },
    deadline: () => end,
    // The raw rounds in between take longer than a connection may otherwise wait.
    maxIdleMs: 600_000,
  });
  const envelope: MeshEnvelope = {
    to: 'GP0001OT',
    workflowId: 'GPFED_CONSULT_REPORT',
    localId: 'RX1',
    subject: 'A message of the benchmark',
    contentType: 'application/xml',
  };
  const authorization = meshAuthorization({ ...credentials, mailboxId, nonce: randomUUID(), at: Date.now() });
  const headers = (length: number) => [
    ...['Host', `127.0.0.1:${port}`, 'Mex-From', mailboxId, 'Mex-To', envelope.to],
    ...['Mex-WorkflowID', envelope.workflowId, 'Mex-LocalID', envelope.localId, 'Mex-Subject', envelope.subject],
    ...['Mex-Content-Type', envelope.contentType, 'Content-Type', envelope.contentType],
    ...['Accept', 'application/vnd.mesh.v2+json', 'User-Agent', 'gp-connect-send-document'],
    ...['Authorization', authorization, 'Content-Length', String(length)],
  ];

  const piece = randomBytes(65_536);
  const source = (length: number) =>
    Readable.from(
      (function* () {
        for (let at = 0; at < length; at += piece.length) yield piece.subarray(0, length - at);
      })(),
      { objectMode: false },
    );
  const partOf = (length: number): MeshPart => ({
    length,
    open: () => (length <= small ? piece.subarray(0, length) : source(length)),
  });

  const agent = new Agent({ keepAlive: true, ...setting.ofRaw });
  const raw = (length: number) =>
    new Promise<void>((resolve, reject) => {
      const post = request({ host: '127.0.0.1', port, method: 'POST', path, agent, headers: headers(length) });
      post.on('error', reject).on('response', (response) => {
        response.resume().on('end', resolve);
      });
      if (length <= small) post.end(piece.subarray(0, length));
      else source(length).pipe(post);
    });
  const ours = async (length: number) => {
    const outcome = await client.send(envelope, [partOf(length)]);
    if (outcome.kind !== 'sent') throw new Error(`not sent: ${JSON.stringify(outcome)}`);
  };

  /** Messages per second. */
  const pace = async (post: (length: number) => Promise<void>, length: number, times: number) => {
    const began = performance.now();
    for (let n = 0; n < times; n++) await post(length);
    return (times / (performance.now() - began)) * 1000;
  };
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

  const compare = async (length: number, times: number, rounds: number) => {
    const paces: { raw: number[]; ours: number[] } = { raw: [], ours: [] };
    const ratios: number[] = [];
    await pace(raw, length, times * 4);
    await pace(ours, length, times * 4);
    for (let round = 0; round < rounds; round++) {
      // Whoever is second may find a machine that is busier, or warmer.
      const order = round % 2 === 0 ? (['raw', 'ours'] as const) : (['ours', 'raw'] as const);
      for (const who of order) paces[who].push(await pace(who === 'raw' ? raw : ours, length, times));
      ratios.push((paces.ours.at(-1) ?? 0) / (paces.raw.at(-1) ?? 1));
    }
    return { raw: median(paces.raw), ours: median(paces.ours), ratio: median(ratios) };
  };

  const tiny = await compare(small, 400, 41);
  console.log(
    `${small / 1024} KiB messages, one after another: ${tiny.ours.toFixed(0)}/s, raw requests ${tiny.raw.toFixed(0)}/s, ratio ${tiny.ratio.toFixed(2)}`,
  );
  const big = await compare(large, 5, 21);
  console.log(
    `20 MB messages: ${(big.ours * 20).toFixed(0)} MB/s, raw pipe ${(big.raw * 20).toFixed(0)} MB/s, ratio ${big.ratio.toFixed(2)}`,
  );

  /** Most memory above the start while messages of this size go out, in MB. */
  const peakOf = async (length: number, times: number) => {
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 5);
    await pace(ours, length, times);
    clearInterval(watch);
    return (peak - before) / 1e6;
  };
  const sizes = [1_000_000, 20_000_000, 95_000_000];
  const peaks: number[] = [];
  for (const size of sizes) peaks.push(await peakOf(size, 200_000_000 / size));
  console.log(
    `peak memory above the start: ${sizes.map((size, i) => `${size / 1e6} MB messages ${peaks[i]?.toFixed(1)} MB`).join(', ')}`,
  );

  const { handshakes, posts, bytes } = await counts();
  console.log(
    `${posts} posts, ${(bytes / 1e9).toFixed(1)} GB, TLS handshakes: client ${handshakes.client}, raw requests ${handshakes.raw}`,
  );
  client.close();
  agent.destroy();
  child.disconnect();

  // On a busy machine the raw requests may open another: Node keeps a connection busy until it hears of its last write.
  if (handshakes.client !== 1) throw new Error(`${handshakes.client} TLS handshakes of the client for one connection`);
  if (Math.max(...peaks) > 60) throw new Error('memory grew with the size of a message');
  console.log(`ratio ${big.ratio.toFixed(3)}`);
};

process.once('message', (setting: RaceSetting) => {
  race(setting).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
