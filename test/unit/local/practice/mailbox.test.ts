import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../../../../local/clock.ts';
import { openPractice, type PracticeSetting } from '../../../../local/practice/mailbox.ts';
import { openFhirSchema } from '../../../../local/practice/schema.ts';
import { openPracticeStore } from '../../../../local/practice/store.ts';
import type { DocumentToCompose } from '../../../../shared/itk3/document.ts';
import { fhirIds } from '../../../../shared/itk3/fhir-ids.ts';
import { hours } from '../../../../shared/platform/clock.ts';
import { systemIds } from '../../../../shared/platform/ids.ts';
import { composed, documentToCompose, samplePdf } from '../../../fixtures/itk3/documents.ts';
import { meshWorld, practice, sender } from './mesh-world.ts';

const schema = openFhirSchema();
let world: Awaited<ReturnType<typeof meshWorld>>;
beforeEach(async () => {
  world = await meshWorld();
});
afterEach(() => world.close());

const open = (changes: Partial<PracticeSetting> = {}) =>
  openPractice({
    mailboxId: practice.mailboxId,
    odsCode: practice.odsCode,
    mesh: world.practice,
    clock: world.clock,
    ids: systemIds,
    store: openPracticeStore(world.stateDir),
    schema,
    patients: new Set([documentToCompose().patient.nhsNumber]),
    ...changes,
  });

const numbered = (composition: number, changes: Partial<DocumentToCompose> = {}): DocumentToCompose =>
  documentToCompose({ ids: fhirIds('0c8b7a6d-5e4f-5a3b-9c2d-1e0f9a8b7c6d', composition, 1), ...changes });
const given = (...names: string[]) => ({ practitioner: { ...documentToCompose().practitioner, given: names } });
const decisive = () => world.answers().map((answer) => answer.decisive);
const lines = () => openPracticeStore(world.stateDir).received();

describe('a practice over MESH', () => {
  it('takes a document, answers twice, keeps the PDF byte for byte and empties its inbox', async () => {
    const input = numbered(1);
    const meshMessageId = await world.sendDocument(input);
    expect(await (await open()).poll()).toEqual([]);

    expect(world.answers()).toMatchObject([
      {
        decisive: '20013',
        inResponseTo: input.ids.messageHeaderId,
        senderReference: input.encounterId,
        responderOds: 'A20047',
      },
      { decisive: '30001', inResponseTo: input.ids.messageHeaderId },
    ]);
    const [first] = world.mesh.control.inbox(sender.mailboxId);
    expect(first).toMatchObject({ workflowId: 'GPFED_CONSULT_REPORT_ACK', messageType: 'DATA' });
    expect(world.mesh.control.inbox(practice.mailboxId)).toEqual([]);

    const [line] = await lines();
    expect(line).toMatchObject({
      mailboxId: practice.mailboxId,
      meshMessageId,
      messageHeaderId: input.ids.messageHeaderId,
      documentBundleId: input.ids.documentBundleId,
      version: 1,
      sha256: createHash('sha256').update(samplePdf).digest('hex'),
      codes: ['20013', '30001'],
      filed: true,
      folder: join(practice.mailboxId, input.ids.messageHeaderId),
    });
    const folder = join(world.stateDir, line?.folder ?? '');
    expect(await readFile(join(folder, 'document-1.pdf'))).toEqual(samplePdf);
    expect(await readFile(join(folder, 'message.xml'))).toEqual(await composed(input));
  });

  it('says 30002 of a patient it does not know, and refuses a faulty message with reasons', async () => {
    const unknown = numbered(1);
    await world.sendDocument(unknown);
    const faulty = numbered(2);
    const xml = (await composed(faulty)).toString().replace('<status value="final"/>', '<status value="draft"/>');
    await world.send(Buffer.from(xml), faulty);
    const stranger = await open({ patients: new Set() });
    expect(await stranger.poll()).toEqual([]);

    expect(decisive()).toEqual(['20013', '30002', '20009']);
    expect(world.answers()[2]?.codes[0]?.diagnostics).toContain('GPCM-SD-114: Composition.status');
    expect((await lines()).map(({ filed }) => filed)).toEqual([false, false]);
  });

  it('answers 10009 to what is no XML, and 20009 to a subject that is not the document’s', async () => {
    await world.send(Buffer.from('%PDF-1.7 not a message'));
    const input = numbered(1);
    await world.send(await composed(input), numbered(1, { version: 9 }));
    await (await open()).poll();
    expect(decisive()).toEqual(['10009', '20009']);
    expect(world.answers()[0]?.inResponseTo).toBeUndefined();
    expect(world.answers()[1]?.codes[0]?.diagnostics).toContain('Mex-Subject');
  });

  it('knows a message and a document again, in another process too', async () => {
    const input = numbered(1);
    await world.sendDocument(input);
    await (await open()).poll();
    await world.sendDocument(input);
    await world.sendDocument({ ...input, ids: { ...input.ids, messageHeaderId: numbered(2).ids.messageHeaderId } });
    await (await open()).poll();
    expect(decisive()).toEqual(['20013', '30001', '20007', '20008']);
    const folders = (await lines()).map(({ folder }) => folder);
    expect(new Set(folders).size).toBe(3);
  });

  it('takes a replacement of what it filed, and voids both where one fails (GPCM-SD-128)', async () => {
    const [one, two] = [numbered(1), numbered(2, { version: 2, replaces: numbered(1).ids.documentBundleId })];
    const three = numbered(3, { version: 3, replaces: two.ids.documentBundleId, ...given('20014') });
    const four = numbered(4, { version: 4, replaces: two.ids.documentBundleId });
    const practiceSystem = await open();
    for (const input of [one, two, three, four]) {
      await world.sendDocument(input);
      expect(await practiceSystem.poll()).toEqual([]);
    }
    expect(decisive()).toEqual(['20013', '30001', '20013', '30001', '20014', '20014']);
  });

  it('keeps silent, but acknowledges to MESH, for noresponse', async () => {
    await world.sendDocument(numbered(1, given('noresponse')));
    await (await open()).poll();
    expect(world.answers()).toEqual([]);
    expect(world.mesh.control.inbox(practice.mailboxId)).toEqual([]);
    expect(await lines()).toMatchObject([{ codes: [], filed: true }]);
  });

  it('answers late to late: only when its time has come', async () => {
    const clock = virtualClock(world.clock.now());
    const practiceSystem = await open({ clock, lateMs: hours(30) });
    await world.sendDocument(numbered(1, given('late', 'IB003')));
    await practiceSystem.poll();
    await clock.advance(hours(29));
    await practiceSystem.poll();
    expect(decisive()).toEqual([]);
    expect(world.mesh.control.inbox(practice.mailboxId)).toHaveLength(1);
    await clock.advance(hours(1));
    await practiceSystem.poll();
    expect(decisive()).toEqual(['20013', '30003']);
    expect(world.mesh.control.inbox(practice.mailboxId)).toEqual([]);
  });

  it('goes on with the answer that failed, and answers once where only the acknowledgement failed', async () => {
    const practiceSystem = await open();
    await world.sendDocument(numbered(1));
    world.mesh.control.failNext({ operation: 'send', mailboxId: practice.mailboxId, fault: 'status', status: 400 });
    expect(await practiceSystem.poll()).toHaveLength(1);
    expect(world.mesh.control.inbox(practice.mailboxId)).toHaveLength(1);
    world.mesh.control.failNext({
      operation: 'acknowledge',
      mailboxId: practice.mailboxId,
      fault: 'status',
      status: 400,
    });
    expect(await practiceSystem.poll()).toHaveLength(1);
    expect(await practiceSystem.poll()).toEqual([]);
    expect(decisive()).toEqual(['20013', '30001']);
    expect(await lines()).toHaveLength(1);
  });

  it('acknowledges reports and other workflows without answering', async () => {
    world.mesh.control.injectReport({
      mailboxId: practice.mailboxId,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      code: '14',
      description: 'undelivered',
    });
    await world.send(Buffer.from('x'), numbered(1), { workflowId: 'OTHER_WORKFLOW', to: practice.mailboxId });
    expect(await (await open()).poll()).toEqual([]);
    expect(world.mesh.control.inbox(practice.mailboxId)).toEqual([]);
    expect(world.answers()).toEqual([]);
  });

  it('tells that MESH is away, and carries on when it is back', async () => {
    const practiceSystem = await open();
    await world.sendDocument(numbered(1));
    world.mesh.control.failNext({ operation: 'list', fault: 'status', status: 400, times: 1 });
    expect(await practiceSystem.poll()).toHaveLength(1);
    expect(await practiceSystem.poll()).toEqual([]);
    expect(decisive()).toEqual(['20013', '30001']);
  });
});
