import { randomUUID } from 'node:crypto';
import type { AuditEvent, Bundle } from 'fhir/r3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentAudit, registryAudit } from '../../shared/audit/entry.ts';
import type { StoredRecord } from '../../shared/delivery/documents.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import type { CommandContext, CommandOptions } from '../../shared/operate/command.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { type Objects, readWhole } from '../../shared/platform/objects.ts';
import { createRig, type Rig } from '../support/rig.ts';

/** FHIR-DOC-01, 3.6: everything about a document is kept, and can be told from the archive alone. */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  await rig.watch();
});
afterAll(() => rig.close());

const by = { by: 'Ann Bell', why: 'complaint 4711' };
const story = (documentId: string, options: CommandOptions = by, context: Partial<CommandContext> = {}) =>
  runCommand(['story', documentId], { ...rig.operating, ...context }, options);

const accepted = async () => {
  const name = randomUUID();
  const { documentId } = await rig.drop(name, { encounterId: name });
  await rig.takeEvents();
  await rig.takeOutbox();
  // One after the other: a poll takes several at once, in any order.
  rig.answer('20013');
  await rig.poll();
  const record = await rig.record(documentId);
  if (record) rig.answerTo(currentComposition(record).messageHeaderId, '30001');
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
  it('lies in the archive change by change, without a gap, each with time, actor and document (FHIR-DOC-03)', async () => {
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
    const organisation = { kind: 'organisation', id: 'RX1', userId: '555000000101', roleId: '555000000102' };
    const system = { kind: 'system' };
    const practice = { kind: 'practice', id: 'Y12345' };
    expect(entries.map(({ entry }) => [entry.what, entry.actor, entry.state])).toEqual([
      ['received', organisation, 'RECEIVED'],
      ['patient checked', system, 'RECEIVED'],
      ['composed', system, 'COMPOSED'],
      ['sending', system, 'SENDING'],
      ['sent', system, 'SENT'],
      ['infrastructure acknowledged', practice, 'INFRASTRUCTURE_ACKNOWLEDGED'],
      ['accepted', practice, 'ACCEPTED'],
    ]);
    expect(entries.map(({ entry }) => entry.sequence)).toEqual(entries.map((_, index) => index + 1));
  });

  it('is told by `operate story`, which agrees with the record and is itself recorded (FHIR-DOC-02)', async () => {
    const { documentId } = await accepted();
    const told = await story(documentId);
    expect(told.lines.join('\n')).toContain('The archive and the record agree');
    expect(told.ok).toBe(true);
    expect(told.lines.filter((line) => line.includes('kept  sent/'))).toHaveLength(2);
    expect(told.lines.filter((line) => line.includes('kept  received/'))).toHaveLength(4);
    expect((await story(documentId)).lines.filter((line) => line.includes('viewed'))).toHaveLength(2);
  });
});

describe('where the archive and the record do not agree', () => {
  it('`operate story` ends with 1 and says in what', async () => {
    const { documentId } = await accepted();
    const record = await rig.record(documentId);
    if (!record) throw new Error('There is a record.');
    const forged = { ...record, compositions: record.compositions.map((one) => ({ ...one, sentAt: 12 })) };
    await rig.table.write(`DOC#${documentId}`, forged, record.revision);
    const told = await story(documentId);
    expect(told.ok).toBe(false);
    expect(told.lines.filter((line) => line.includes('sentAt'))).toEqual([
      `  compositions/1/sentAt: the archive has ${record.compositions[0]?.sentAt}, the record 12`,
    ]);
  });

  it('a document that nobody knows is refused, and so is a look without who and why', async () => {
    expect((await story(randomUUID())).lines.join()).toContain('neither a record nor an entry');
    expect(await story(randomUUID(), {})).toMatchObject({
      ok: false,
      misused: true,
    });
  });
});

describe('from the archive alone', () => {
  const unreachable = () => {
    const fails = () => Promise.reject(new Error('the table is lost'));
    return new Proxy(rig.table, { get: () => fails });
  };
  const alone = { ...by, archive: 'archive' };

  it('a whole story is told while the table cannot be reached, and the look at it is recorded', async () => {
    const { documentId } = await accepted();
    const told = await story(documentId, alone, { table: unreachable() });
    expect(told.ok).toBe(true);
    const text = told.lines.join('\n');
    for (const words of [
      'submitted',
      'composed',
      'sent',
      'infrastructure acknowledged',
      'accepted',
      'user 555000000101',
    ]) {
      expect(text).toContain(words);
    }
    expect(text).toContain(`kept  sent/${documentId}/1/0002-message-part-1`);
    expect(text).toMatch(/viewed {5}story, by person Ann Bell: complaint 4711/);
    expect(text).toContain('The archive, which alone was asked, is whole: 7 entries');
    await expect(story(documentId, by, { table: unreachable() })).rejects.toThrow('the table is lost');
  });

  it('a record that is gone is told of, with all that the archive has', async () => {
    const { documentId } = await accepted();
    const { revision = 0 } = (await rig.record(documentId)) ?? {};
    await rig.table.remove(`DOC#${documentId}`, revision);
    const told = await story(documentId);
    expect([told.ok, told.lines.at(-1)]).toEqual([false, '  There is no record of this document.']);
    expect(told.lines[0]).toContain('ACCEPTED');
  });

  it('a document may be named by its drop, and is told as FHIR AuditEvents where that is asked', async () => {
    const { documentId, name } = await accepted();
    expect((await story(`RX1/${name}`)).lines[0]).toContain(documentId);
    const { data } = await story(documentId, { ...by, fhir: true });
    const { entry = [] } = data as Bundle<AuditEvent>;
    const kinds = entry.map(({ resource }) => resource?.subtype?.[0]?.code);
    expect(kinds.slice(0, 7)).toEqual(['submitted', 'changed', 'composed', 'changed', 'sent', 'received', 'received']);
    expect(kinds.slice(7)).toEqual(['viewed', 'viewed']);
  });
});

describe('a reader who may read no message', () => {
  it('is told the whole story, and what is kept; only comparing bytes needs more', async () => {
    const { documentId } = await accepted();
    const refusing = (key: string) => {
      if (/^(sent|received)\//.test(key)) throw new Error('Access denied');
    };
    const objects = (): Objects => ({
      ...rig.archive,
      get: async (key, options) => {
        refusing(key);
        return rig.archive.get(key, options);
      },
      // S3 asks for the same right.
      head: async (key) => {
        refusing(key);
        return rig.archive.head(key);
      },
    });
    const told = await story(documentId, by, { objects });
    expect([told.ok, told.lines.filter((line) => line.includes('  kept  ')).length]).toEqual([true, 6]);
    await expect(story(documentId, { ...by, bytes: true }, { objects })).rejects.toThrow('Access denied');
  });
});

describe('an archive that was tampered with', () => {
  /** As nobody can while the lock and the policy of the bucket stand: over what lies there. */
  const overwrite = (key: string, change: (bytes: Buffer) => Buffer) =>
    readWhole(rig.archive, key, 1 << 24).then((found) => {
      if (!found || found === 'too-large') throw new Error(key);
      return rig.archive.put(key, change(found.bytes));
    });
  const part = (documentId: string) => `sent/${documentId}/1/0002-message-part-1`;

  it('shows an entry that says otherwise, and one that is gone', async () => {
    const { documentId } = await accepted();
    await overwrite(`audit/${documentId}/000005-sent`, (bytes) =>
      Buffer.from(bytes.toString('utf8').replace(/"meshMessageId": "[^"]+"/, '"meshMessageId": "FORGED"')),
    );
    await rig.archive.remove(`audit/${documentId}/000003-composed`);
    const text = (await story(documentId)).lines.join('\n');
    expect(text).toContain('Entry 3 is missing.');
    expect(text).toContain('Entry 5 does not follow from those before it');
  });

  it('shows a message that is another, by its length, or byte for byte where that is asked', async () => {
    const { documentId } = await accepted();
    expect((await story(documentId, { ...by, bytes: true })).ok).toBe(true);
    await overwrite(part(documentId), (bytes) => Buffer.from(bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte))));
    expect((await story(documentId)).ok).toBe(true);
    const told = await story(documentId, { ...by, bytes: true });
    expect(told.lines).toContain(`  ${part(documentId)} is not as it was: its SHA-256 is another.`);
    await overwrite(part(documentId), (bytes) => bytes.subarray(1));
    expect((await story(documentId)).lines.join('\n')).toContain(`${part(documentId)} is not as it was:`);
  });

  it('shows an answer that is another, or that is not kept any more', async () => {
    const { documentId } = await accepted();
    const { business } = currentComposition((await rig.record(documentId)) as StoredRecord);
    const key = `received/RX1OT001/${business?.inboundMessageId}/0002-body`;
    await overwrite(key, (bytes) => Buffer.from(bytes.toString('utf8').replace('30001', '30002')));
    const told = await story(documentId, { ...by, bytes: true });
    expect(told.lines).toContain(`  ${key} is not as it was: its SHA-256 is another.`);
    await rig.archive.remove(key);
    expect((await story(documentId)).lines).toContain(`  ${key} is not kept.`);
  });

  it('is told as FHIR with what is wrong, so that nobody takes for whole what is not', async () => {
    const { documentId } = await accepted();
    expect(await story(documentId, { ...by, fhir: true })).toMatchObject({ ok: true });
    await rig.archive.remove(`audit/${documentId}/000003-composed`);
    const told = await story(documentId, { ...by, fhir: true });
    expect([told.ok, told.lines.join()]).toEqual([false, expect.stringContaining('Entry 3 is missing.')]);
    expect(told.data).toMatchObject({ resourceType: 'Bundle' });
  });
});

describe('while the archive or the topic is out of order', () => {
  const broken = () => Promise.reject(new Error('out of order'));

  it('documents go on, and all of it is written and published afterwards, in order and under the same ids', async () => {
    const { audit, events } = rig.context;
    const published = rig.published.length;
    Object.assign(rig.context, { audit: { ...audit, put: broken }, events: { publish: broken } });
    const { documentId } = await accepted().finally(() => Object.assign(rig.context, { audit, events }));
    const record = await rig.record(documentId);
    expect(record?.work.audit).toHaveLength(7);
    expect(record?.work.events).toHaveLength(6);
    expect(await entriesOf(documentId)).toEqual([]);
    expect((await story(documentId)).lines.join()).toContain('7 of its changes wait');
    const { data } = await story(documentId, { ...by, fhir: true });
    const changes = (data as Bundle).entry?.filter(
      ({ resource }) =>
        (resource as AuditEvent).action !== 'R' || (resource as AuditEvent).subtype?.[0]?.code === 'sent',
    );
    expect(changes).toHaveLength(7);

    rig.clock.leap(minutes(3));
    await rig.watch();
    expect((await rig.record(documentId))?.work).toEqual({});
    expect((await entriesOf(documentId)).map(({ entry }) => entry.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rig.published.slice(published).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await story(documentId)).ok).toBe(true);
  });

  it.each(['before', 'after'] as const)(
    'a crash %s publishing gives the same event again, and no other id',
    async (when) => {
      const { events } = rig.context;
      const first = rig.published.length;
      let crashed = false;
      const publish: NonNullable<typeof events>['publish'] = async (message, attributes) => {
        if (when === 'after') await events?.publish(message, attributes);
        if (crashed) return when === 'before' ? events?.publish(message, attributes) : undefined;
        crashed = true;
        throw new Error('out of order');
      };
      Object.assign(rig.context, { events: { publish } });
      const { documentId } = await accepted().finally(() => Object.assign(rig.context, { events }));
      rig.clock.leap(minutes(3));
      await rig.watch();
      const told = rig.published.slice(first).filter((event) => event.documentId === documentId);
      expect(new Set(told.map(({ sequence }) => sequence))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
      expect(new Set(told.map((event) => JSON.stringify(event))).size).toBe(6);
    },
  );
});

describe('what people do to senders, mailboxes and the pause', () => {
  it('is in the archive within the next minute, with who, why and the settings', async () => {
    const who = { by: 'Ann Bell', why: 'their export repeats itself' };
    for (const words of [['sender', 'pause', 'RX1'], ['mailbox', 'pause', 'RX1OT001'], ['pause'], ['resume']]) {
      expect((await runCommand(words, rig.operating, who)).ok).toBe(true);
    }
    await rig.watch();
    const read = async (prefix: string) => {
      const found = [];
      for (const key of await rig.keys(rig.archive, prefix)) {
        const object = await readWhole(rig.archive, key, 1 << 20);
        if (!object || object === 'too-large') throw new Error(key);
        found.push(registryAudit.parse(JSON.parse(object.bytes.toString('utf8'))));
      }
      return found;
    };
    const [born, ...later] = await read('audit/senders/RX1/');
    expect(born).toMatchObject({ sequence: 1, what: 'version 1', setting: { odsCode: 'RX1' } });
    expect(later.at(-1)).toMatchObject({ what: 'paused', actor: { kind: 'person', id: who.by }, why: who.why });
    const mailbox = await read('audit/mailboxes/RX1OT001/');
    expect(mailbox.map(({ what, sequence }) => [sequence, what])).toEqual([
      [1, 'version 1'],
      [2, 'paused'],
    ]);
    expect((await read('audit/everybody/')).map(({ what, sequence }) => [sequence, what])).toEqual([
      [1, 'paused'],
      [2, 'resumed'],
    ]);
  });
});
