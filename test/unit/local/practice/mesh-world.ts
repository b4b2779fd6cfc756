import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { realClock } from '../../../../local/clock.ts';
import { startMeshSimulator } from '../../../../local/mesh/simulator.ts';
import { createPki } from '../../../../local/pki/pki.ts';
import type { DocumentToCompose } from '../../../../shared/itk3/document.ts';
import { profiles } from '../../../../shared/itk3/profiles.ts';
import { type ItkResponse, readResponse } from '../../../../shared/itk3/response.ts';
import { routingOf } from '../../../../shared/itk3/routing.ts';
import { subjectOf } from '../../../../shared/itk3/wording.ts';
import { createMeshClient } from '../../../../shared/mesh/client.ts';
import { systemIds } from '../../../../shared/platform/ids.ts';
import { composed, documentToCompose } from '../../../fixtures/itk3/documents.ts';

export const sender = {
  mailboxId: 'RX1OT001',
  odsCode: 'RX1',
  name: 'Harbour & Vale Walk-in Centre',
  password: 'sender-pw',
};
export const practice = {
  mailboxId: 'A20047OT001',
  odsCode: 'A20047',
  name: 'Larkfield Surgery',
  password: 'practice-pw',
};
const sharedKey = 'shared-key-of-this-test';

/** A MESH simulator with one sender and one practice, and a folder for what the practice keeps. */
export const meshWorld = async () => {
  const clock = realClock();
  const pki = await createPki({ now: clock.now() });
  const { patient } = documentToCompose();
  const mesh = await startMeshSimulator({
    clock,
    pki,
    sharedKey,
    mailboxes: [sender, practice],
    patients: [
      {
        nhsNumber: patient.nhsNumber,
        birthDate: patient.birthDate,
        familyName: patient.family,
        mailboxId: practice.mailboxId,
      },
    ],
  });
  const { certificate, privateKey } = await pki.issueClient('practice simulator test');
  const stateDir = await mkdtemp(join(tmpdir(), 'practice-'));
  const clientOf = ({ mailboxId, password }: { mailboxId: string; password: string }) =>
    createMeshClient({
      baseUrl: mesh.url,
      mailboxId,
      credentials: { cert: certificate, key: privateKey, ca: pki.ca, password, sharedKey },
      clock,
      ids: systemIds,
    });
  const clients = { sender: clientOf(sender), practice: clientOf(practice) };

  return {
    clock,
    mesh,
    stateDir,
    ...clients,
    /** What `main.ts` is started with. */
    configuration: {
      meshUrl: mesh.url,
      mailboxes: [practice],
      sharedKey,
      ca: pki.ca,
      certificate,
      privateKey,
      pollEveryMs: 50,
      clock: { scale: 1, origin: 0, realOrigin: 0 },
      knownPatients: [patient.nhsNumber],
      stateDir,
    },
    /** Sends bytes as the sender does; to the patient's practice unless told. */
    async send(
      xml: Buffer,
      input: DocumentToCompose = documentToCompose(),
      changes: { workflowId?: string; to?: string } = {},
    ) {
      const routing = routingOf(input.patient);
      const sent = await clients.sender.send(
        {
          to: routing.kind === 'routing' ? routing.to : '',
          workflowId: profiles.v1.workflowId,
          localId: input.organisation.odsCode,
          subject: subjectOf(input),
          contentType: 'application/xml',
          ...changes,
        },
        [{ length: xml.length, open: () => Readable.from([xml]) }],
      );
      if (sent.kind !== 'sent') throw new Error(sent.reason);
      return sent.meshMessageId;
    },
    async sendDocument(input: DocumentToCompose) {
      return this.send(await composed(input), input);
    },
    /** The answers in the sender's inbox, in order of arrival. */
    answers(): ItkResponse[] {
      return mesh.control.inbox(sender.mailboxId).flatMap((message) => {
        const reading = readResponse(message.body);
        return reading.kind === 'response' ? [reading] : [];
      });
    },
    async close() {
      clients.sender.close();
      clients.practice.close();
      await mesh.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
};
