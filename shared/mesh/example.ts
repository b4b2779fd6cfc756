import { randomUUID } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createMeshClient } from './client.ts';
import { readCredentials } from './credentials.ts';
import { meshBaseUrl, meshEnvironments } from './environments.ts';
import { parseReport } from './reports.ts';

// Sends a file to a mailbox, then collects what waits in its own:
// MESH_ENVIRONMENT=integration MESH_MAILBOX=RX1OT001 MESH_TO=Y12345OT001 MESH_WORKFLOW=GPFED_CONSULT_REPORT \
// MESH_SECRETS=environment.json,mailbox.json node --import tsx shared/mesh/example.ts message.xml

const { MESH_MAILBOX: mailboxId = '', MESH_TO: to = '', MESH_WORKFLOW: workflowId = '', MESH_URL } = process.env;
const environment = meshEnvironments.find((name) => name === process.env.MESH_ENVIRONMENT) ?? 'local';
const [sharedFile = '', ownFile = ''] = (process.env.MESH_SECRETS ?? '').split(',');
const file = process.argv[2] ?? '';
const clock = {
  now: () => Date.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};
const read = () =>
  readCredentials(
    { environment: readFileSync(sharedFile, 'utf8'), mailbox: readFileSync(ownFile, 'utf8') },
    clock.now(),
  );

const run = async (): Promise<string> => {
  const base = meshBaseUrl(environment, MESH_URL); // The address of a real environment is fixed.
  const checked = read();
  if (base.kind !== 'ok') return `${base.reason} ${base.advice}`;
  if (checked.kind !== 'ok') return `${checked.reason} ${checked.advice}`;
  const client = createMeshClient({
    baseUrl: base.value,
    mailboxId,
    credentials: checked.credentials,
    // Asked only where MESH refuses what it was given: a rotation needs no restart.
    renewCredentials: async () => {
      const again = read();
      return again.kind === 'ok' ? again.credentials : again;
    },
    clock,
    ids: { uuid: randomUUID },
  });
  try {
    const sent = await client.send(
      { to, workflowId, localId: 'RX1', subject: 'Example', contentType: 'application/xml' },
      [{ length: statSync(file).size, open: () => createReadStream(file) }],
    );
    switch (sent.kind) {
      case 'sent': // MESH has it, which is not delivery: a failure to deliver comes as a report.
        console.log(`sent as ${sent.meshMessageId}`);
        break;
      case 'refused': // The same would be refused again.
      case 'configuration': // A person has to change something, for every message of this mailbox.
        return `${sent.reason} ${sent.advice}`;
      case 'transient': // Certainly not processed: again later, after `retryAfterMs` where MESH names it.
      case 'unknown': // MESH may have it: find out before anything is posted again.
        return sent.reason;
    }
    for await (const page of client.inboxPages()) {
      if (page.kind !== 'ok') return page.reason;
      for (const id of page.value.messageIds) {
        const download = await client.download(id);
        if (download.kind !== 'ok') continue;
        let bytes = 0;
        for await (const piece of download.value.body) bytes += (piece as Buffer).length; // Store it here.
        const report = parseReport(download.value.headers); // Undefined for data.
        console.log(report ? `report ${report.statusCode}: ${report.meaning}` : `collected ${id}, ${bytes} bytes`);
        await client.acknowledge(id); // Last: MESH's copy is destroyed.
      }
    }
    return 'done';
  } finally {
    client.close();
  }
};

console.log(await run());
