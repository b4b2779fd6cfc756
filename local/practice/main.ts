import { createInterface } from 'node:readline';
import { createMeshClient } from '../../shared/mesh/client.ts';
import { systemIds } from '../../shared/platform/ids.ts';
import { scaledClock } from '../clock.ts';
import { practiceConfiguration } from './configuration.ts';
import { openPractice } from './mailbox.ts';
import { openFhirSchema } from './schema.ts';
import { openPracticeStore } from './store.ts';

/**
 * The GP practice simulator: a process that knows nothing but MESH. Its configuration (configuration.ts) comes as one
 * line on stdin, or in PRACTICE_CONFIGURATION. Writes `ready` on stdout when every mailbox has been polled once, faults
 * on stderr when they change, and ends when stdin closes.
 */

const stop = new AbortController();
const lines = createInterface({ input: process.stdin });
const firstLine = new Promise<string>((resolve) => {
  lines.once('line', resolve);
  lines.once('close', () => {
    resolve('');
    stop.abort();
  });
});

const text = process.env.PRACTICE_CONFIGURATION ?? (await firstLine);
if (text === '') process.exit(0);
const setting = practiceConfiguration.parse(JSON.parse(text));

const { scale, origin, realOrigin } = setting.clock;
const clock = scaledClock(scale, origin, realOrigin);
const schema = openFhirSchema();
const store = openPracticeStore(setting.stateDir);
const pause = Math.max(setting.pollEveryMs, 20 * scale);

const run = async (mailbox: (typeof setting.mailboxes)[number], polled: () => void) => {
  const mesh = createMeshClient({
    baseUrl: setting.meshUrl,
    mailboxId: mailbox.mailboxId,
    credentials: {
      cert: mailbox.certificate ?? setting.certificate,
      key: mailbox.privateKey ?? setting.privateKey,
      ca: setting.ca,
      password: mailbox.password,
      sharedKey: setting.sharedKey,
    },
    clock,
    ids: systemIds,
  });
  const practice = await openPractice({
    mailboxId: mailbox.mailboxId,
    odsCode: mailbox.odsCode,
    mesh,
    clock,
    ids: systemIds,
    store,
    schema,
    patients: new Set([...setting.knownPatients, ...mailbox.knownPatients]),
    ...(setting.lateMs === undefined ? {} : { lateMs: setting.lateMs }),
  });
  let told = '';
  const tell = (faults: string) => {
    if (faults !== told && faults !== '') process.stderr.write(`practice ${mailbox.mailboxId}: ${faults}\n`);
    told = faults;
  };
  let greeted = false;
  while (!stop.signal.aborted) {
    if (!greeted) {
      const handshake = await mesh.handshake();
      greeted = handshake.kind === 'ok';
      tell(handshake.kind === 'ok' ? '' : `handshake: ${handshake.reason}`);
    }
    if (greeted) {
      tell((await practice.poll()).join('; '));
      polled();
    }
    await clock.sleep(pause, stop.signal);
  }
  mesh.close();
};

let waiting = setting.mailboxes.length;
const running = setting.mailboxes.map((mailbox) => {
  let first = true;
  return run(mailbox, () => {
    if (first && --waiting === 0) process.stdout.write('ready\n');
    first = false;
  });
});
await Promise.all(running);
schema.close();
process.exit(0);
