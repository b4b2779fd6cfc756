import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentAudit } from '../../shared/audit/entry.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { readWhole } from '../../shared/platform/objects.ts';
import { createRig, type Rig } from '../support/rig.ts';

/** FHIR-DOC-01, 3.6: everything about a document is kept, and can be told from the archive alone. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  await rig.watch();
});
afterAll(() => rig.close());

const by = { by: 'Ann Bell', why: 'complaint 4711' };
const story = (documentId: string, options = by) =>
  runCommand(
    ['story', documentId],
    { table: rig.context.table, clock: rig.clock, readText: () => undefined, objects: () => rig.archive },
    options,
  );

const accepted = async () => {
  const name = randomUUID();
  const { documentId } = await rig.drop(name, { encounterId: name });
  await rig.takeEvents();
  await rig.takeOutbox();
  rig.answer('20013', '30001');
  await rig.poll();
  return { documentId, name };
};

const entriesOf = async (documentId: string) => {
  const found = [];
  for (const key of await rig.keys(rig.archive, `audit/${documentId}/`)) {
    const read = await readWhole(rig.archive, key, 1 << 20);
    if (!read || read === 'too-large') throw new Error(key);
    found.push({ key, entry: documentAudit.parse(JSON.parse(read.bytes.toString('utf8'))) });
  }
  return found;
};

describe('what was done to a document', () => {
  it('lies in the archive change by change, without a gap, each with its actor', async () => {
    const { documentId } = await accepted();
    const entries = await entriesOf(documentId);
    expect(entries.map(({ key }) => key.slice(`audit/${documentId}/`.length))).toEqual([
      '000001-submitted',
      '000002-changed',
      '000003-composed',
      '000004-changed',
      '000005-sent',
      '000006-received',
      '000007-received',
    ]);
    const organisation = { kind: 'organisation', id: 'RX1' };
    const system = { kind: 'system' };
    const practice = { kind: 'practice', id: 'Y12345' };
    expect(entries.map(({ entry }) => [entry.what, entry.actor, entry.state])).toEqual([
      ['received', organisation, 'RECEIVED'],
      ['patient-checked', system, 'RECEIVED'],
      ['composed', system, 'COMPOSED'],
      ['sending', system, 'SENDING'],
      ['sent', system, 'SENT'],
      ['acknowledged', practice, 'INFRASTRUCTURE_ACKNOWLEDGED'],
      ['acknowledged', practice, 'ACCEPTED'],
    ]);
    expect(entries.map(({ entry }) => entry.sequence)).toEqual(entries.map((_, index) => index + 1));
  });

  it('is told by `operate story`, which agrees with the record and is itself recorded', async () => {
    const { documentId } = await accepted();
    const told = await story(documentId);
    expect(told.lines.join('\n')).toContain('The archive and the record agree');
    expect(told.ok).toBe(true);
    expect(told.lines.filter((line) => line.includes('kept  sent/'))).toHaveLength(2);
    expect(told.lines.filter((line) => line.includes('kept  received/'))).toHaveLength(4);
    expect((await story(documentId)).lines.filter((line) => line.includes('viewed'))).toHaveLength(2);
    rig.clock.leap(minutes(1));
  });
});
