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
  const own = await pki.issueClient('bench.RX1.api.mesh-client.nhs.uk');
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
    clientCertificate: { cert: own.certificate, key: own.privateKey, ca: pki.ca },
  });
  const [code] = await once(child, 'exit');
  process.exitCode = typeof code === 'number' ? code : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
