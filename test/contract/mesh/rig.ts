import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type LocalClock, realClock } from '../../../local/clock.ts';
import { type MeshSettings, type MeshSimulator, startMeshSimulator } from '../../../local/mesh/simulator.ts';
import { createPki, type IssuedCertificate, type Pki } from '../../../local/pki/pki.ts';
import { createMeshClient, type MeshClient, type MeshClientSetting } from '../../../shared/mesh/client.ts';
import type { MeshCredentials } from '../../../shared/mesh/credentials.ts';
import type { MeshEnvelope } from '../../../shared/mesh/envelope.ts';
import type { MeshPart } from '../../../shared/mesh/part-pump.ts';

export const sharedKey = 'TestKey';
export const sender = { mailboxId: 'RX1OT001', password: 'sender-password', odsCode: 'RX1', name: 'Walk-in centre' };
export const practice = {
  mailboxId: 'GP0001OT',
  password: 'practice-password',
  odsCode: 'GP0001',
  name: 'The Surgery',
};
export const stranger = {
  mailboxId: 'ZZ9OT001',
  password: 'other-password',
  odsCode: 'ZZ9',
  name: 'Somebody else',
  workflows: ['SOMETHING_ELSE'],
};
export const patient = {
  nhsNumber: '9691375087',
  birthDate: '1957-01-09',
  familyName: 'Smith-Jones',
  mailboxId: practice.mailboxId,
};
export const routed = 'GPPROVIDER_9691375087_19570109_Smith-Jones';

export const envelope: MeshEnvelope = {
  to: practice.mailboxId,
  workflowId: 'GPFED_CONSULT_REPORT',
  localId: 'RX1',
  subject: 'A test message',
  contentType: 'application/xml',
};

/** A part that opens a new stream each time, in small pieces so that more than one write is needed. */
export const part = (bytes: Buffer, piece = 16_384): MeshPart => ({
  length: bytes.length,
  open: () =>
    Readable.from(
      (function* () {
        for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
      })(),
      { objectMode: false },
    ),
});

export const gzipped = (bytes: Buffer): MeshPart => part(gzipSync(bytes));

export const bodyOf = (stream: Readable): Promise<Buffer> => buffer(stream);

export interface Rig {
  readonly simulator: MeshSimulator;
  readonly pki: Pki;
  readonly clientCertificate: IssuedCertificate;
  /** A client of `sender` unless told otherwise; closed with the rig. */
  client(setting?: Partial<MeshClientSetting>): MeshClient;
  credentials(changes?: Partial<MeshCredentials>): MeshCredentials;
  readonly practice: MeshClient;
  close(): Promise<void>;
}

export interface RigSetting {
  readonly clock?: LocalClock;
  readonly settings?: Partial<MeshSettings>;
  readonly server?: (pki: Pki) => Promise<IssuedCertificate>;
}

export const startRig = async (setting: RigSetting = {}): Promise<Rig> => {
  const clock = setting.clock ?? realClock();
  const pki = await createPki({ now: clock.now() });
  const clientCertificate = await pki.issueClient('test.RX1.api.mesh-client.nhs.uk');
  const simulator = await startMeshSimulator({
    clock,
    pki,
    sharedKey,
    mailboxes: [sender, practice, stranger],
    patients: [
      patient,
      { ...patient, nhsNumber: '9691375109', mailboxId: 'NOSUCHMB' },
      { ...patient, nhsNumber: '9691375117', mailboxId: practice.mailboxId },
      { ...patient, nhsNumber: '9691375117', mailboxId: sender.mailboxId },
    ],
    ...(setting.settings ? { settings: setting.settings } : {}),
    ...(setting.server ? { server: await setting.server(pki) } : {}),
  });
  const opened: MeshClient[] = [];
  const credentials = (changes: Partial<MeshCredentials> = {}): MeshCredentials => ({
    cert: clientCertificate.certificate,
    key: clientCertificate.privateKey,
    ca: pki.ca,
    password: sender.password,
    sharedKey,
    ...changes,
  });
  const client = (changes: Partial<MeshClientSetting> = {}) => {
    const made = createMeshClient({
      baseUrl: simulator.url,
      mailboxId: sender.mailboxId,
      credentials: credentials(),
      clock,
      ids: { uuid: randomUUID },
      ...changes,
    });
    opened.push(made);
    return made;
  };
  return {
    simulator,
    pki,
    clientCertificate,
    client,
    credentials,
    practice: client({
      mailboxId: practice.mailboxId,
      credentials: credentials({ password: practice.password }),
    }),
    async close() {
      for (const made of opened) made.close();
      await simulator.close();
    },
  };
};
