import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createPki } from '../../local/pki/pki.ts';

/** `npm run bench:mesh`: the MESH client against bare Node, over real mutual TLS. The last line is `ratio <number>`. */

const folder = await mkdtemp(join(tmpdir(), 'bench-mesh-'));
try {
  const pki = await createPki({ now: Date.now() });
  const server = await pki.issueServer();
  const clientCertificate = async (name: string) => {
    const { certificate: cert, privateKey: key } = await pki.issueClient(name);
    return { cert, key, ca: pki.ca };
  };
  const race = join(folder, 'race.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./mesh-race.ts', import.meta.url))],
    outfile: race,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  const child = fork(race, [], { execArgv: ['--expose-gc'] });
  child.send({
    server: new URL('./bare-tls-server.ts', import.meta.url).href,
    serverCertificate: { cert: server.certificate, key: server.privateKey, ca: pki.ca },
    // One each: the server counts handshakes by certificate.
    ofClient: await clientCertificate('client'),
    ofRaw: await clientCertificate('raw'),
  });
  const [code] = await once(child, 'exit');
  process.exitCode = typeof code === 'number' ? code : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
