import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFhirSchema } from '../../local/practice/schema.ts';
import { checkMessageBytes } from '../../shared/itk3/checker.ts';
import { documentBundleOf } from '../../shared/itk3/message-facts.ts';
import { profiles } from '../../shared/itk3/profiles.ts';
import { descendants, valueAt } from '../../shared/itk3/xml-tree.ts';
import type { MailboxId } from '../../shared/platform/ids.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { parsed } from '../fixtures/itk3/documents.ts';
import { putMailbox, putSender } from '../support/registry.ts';
import { createRig, headerOf, type Rig, sender } from '../support/rig.ts';

/** What really leaves through MESH, held against the standard as a practice sees it. */
let rig: Rig;
const schema = openFhirSchema();
beforeAll(async () => {
  rig = await createRig();
});
afterAll(async () => {
  schema.close();
  await rig.close();
});

describe('what arrives at MESH', () => {
  it('is a conformant message under its headers (GPCM-C-01, GPCM-C-02, GPCM-SD-056, GPCM-SD-059, GPCM-SD-062, GPCM-SD-145, GPCM-SD-146)', async () => {
    await rig.drop('as-asked', { encounterId: randomUUID() });
    await rig.takeEvents();
    await rig.takeOutbox();
    const [sent] = rig.mesh.control.sent();
    if (!sent) throw new Error('Nothing was sent.');
    expect(sent.from).toBe(sender.mailboxId);
    expect(sent.headers['mex-localid']).toBe(sender.odsCode);
    const envelope = {
      to: sent.to,
      from: sent.from,
      workflowId: sent.workflowId,
      subject: sent.headers['mex-subject'],
      localId: sent.headers['mex-localid'],
    };
    const checked = checkMessageBytes(sent.body, { profile: profiles.v1, envelope });
    expect(checked).toMatchObject({ kind: 'checked', issues: [] });
    expect(schema.validate(sent.body)).toEqual([]);
  });

  it('says when it was made, by the clock (GPCM-SD-048, GPCM-SD-116)', async () => {
    const from = Math.floor(rig.clock.now() / 1000) * 1000;
    await rig.drop('made-now', { encounterId: randomUUID() });
    await rig.takeEvents();
    const to = rig.clock.now();
    await rig.takeOutbox();
    const root = parsed(rig.mesh.control.sent().at(-1)?.body ?? Buffer.alloc(0));
    const [header, composition] = ['MessageHeader', 'Composition'].map((name) => descendants(root, name)[0]);
    for (const text of [
      valueAt(header, 'timestamp'),
      valueAt(composition, 'date'),
      valueAt(documentBundleOf(root), 'meta', 'lastUpdated'),
    ]) {
      expect(Date.parse(text ?? '')).toBeGreaterThanOrEqual(from);
      expect(Date.parse(text ?? '')).toBeLessThanOrEqual(to);
    }
  });

  it('is archived as it was sent, and so are the answers (FHIR-DOC-01, GPC-SD09)', async () => {
    const { documentId } = await rig.drop('archived', { encounterId: randomUUID() });
    await rig.takeEvents();
    await rig.takeOutbox();
    rig.answer('20013', '30001');
    await rig.poll();
    expect((await rig.keys(rig.archive, `sent/${documentId}/`)).length).toBeGreaterThan(0);
    const received = await rig.keys(rig.archive, `received/${sender.mailboxId}/`);
    expect(received.length).toBeGreaterThanOrEqual(4);
    const [last] = rig.mesh.control.sent().slice(-1);
    expect((await rig.record(documentId))?.compositions[0]?.messageHeaderId).toBe(
      headerOf(last?.body ?? Buffer.alloc(0)),
    );
  });

  it('is nothing that does not pass the checker, and nothing of it is stored (FHIR-V&V-01)', async () => {
    const before = rig.mesh.control.sent().length;
    // No such mailbox can be registered: only a fault of this system brings one into a message.
    const mailboxId = 'RX1 OT001' as MailboxId;
    await putMailbox(
      rig.table,
      {
        ...mailboxFile.parse({ mailboxId: 'RX1OT009', odsCode: 'RX1', environment: 'local', baseUrl: rig.mesh.url }),
        mailboxId,
      },
      rig.clock.now(),
    );
    await putSender(rig.table, { ...rig.senderSetting, mailboxId });
    const { documentId } = await rig.drop('not-conformant', { encounterId: randomUUID() });
    await rig.takeEvents();
    await rig.takeOutbox();
    await putSender(rig.table, rig.senderSetting);
    const receipt = await rig.receipt('not-conformant');
    expect(receipt).toMatchObject({ state: 'REJECTED', problems: [{ code: 'MESSAGE_NOT_CONFORMANT' }] });
    expect(receipt?.problems?.[0]?.message).toContain('MessageHeader.source.endpoint');
    expect(await rig.keys(rig.context.messages, `messages/${documentId}/`)).toEqual([]);
    expect(rig.mesh.control.sent()).toHaveLength(before);
    expect(rig.lines.some((line) => line.includes('MESSAGE_NOT_CONFORMANT'))).toBe(true);
  });

  it('is nothing where the NHS number fails its check, and nobody is told the number (FHIR-PDS-05, FHIR-PDS-06, FHIR-PDS-07)', async () => {
    const before = rig.mesh.control.sent().length;
    await rig.drop('invalid-number', { encounterId: randomUUID(), patient: { nhsNumber: '9691375088' } });
    await rig.takeEvents();
    await rig.takeOutbox();
    expect(rig.mesh.control.sent()).toHaveLength(before);
    const receipt = await rig.receipt('invalid-number');
    expect(receipt?.problems?.map(({ path }) => path)).toContain('patient.nhsNumber');
    expect(JSON.stringify(receipt) + rig.lines.join()).not.toContain('9691375088');
  });
});
