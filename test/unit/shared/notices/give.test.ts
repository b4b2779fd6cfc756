import { beforeEach, describe, expect, it } from 'vitest';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import { addressesKey, documentKey, senderKey } from '../../../../shared/delivery/keys.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { giveNotices } from '../../../../shared/notices/give.ts';
import { looseNotice } from '../../../../shared/notices/once.ts';
import { leaveNotices, type Notice, noticeOf, readWaiting, takeGiven } from '../../../../shared/notices/pending.ts';
import { readCsv } from '../../../../shared/platform/csv.ts';
import { documentIdOf } from '../../../../shared/platform/ids.ts';
import type { Objects } from '../../../../shared/platform/objects.ts';
import { readWhole } from '../../../../shared/platform/objects.ts';
import type { TopicMessage } from '../../../../shared/platform/topic.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { negative, ods, positive, recordAfter, wasSent } from '../../../support/records.ts';
import { memoryObjects } from '../../../support/world/memory-objects.ts';

/** What stands in the e-mail that somebody reads at two in the morning, and who gets it. */

type Given = TopicMessage & { readonly attributes: Readonly<Record<string, string>> };

const now = Date.parse('2026-07-01T01:04:30Z');
const clock = { now: () => now, sleep: async () => undefined };
const settings = { doubtWait: 1, giveUpAfter: 1 };
const records = 'records@northfield.example';
const lead = 'lead@northfield.example';

let world: ReturnType<typeof createWorld>;
const createWorld = () => {
  const table = memoryTable();
  const drops = memoryObjects('drops', clock);
  const given: Given[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const context = {
    table,
    clock,
    log,
    drops: drops as Objects,
    stage: 'test',
    notices: {
      publish: async (message: TopicMessage, attributes: Given['attributes']) => {
        given.push({ ...message, attributes });
      },
    },
  };
  return {
    table,
    context,
    async confirmed(...confirmed: readonly string[]) {
      const setting = senderFile.parse({
        odsCode: 'RX1',
        name: 'Northfield Out of Hours Service',
        phone: '01632 960100',
        mailboxId: 'RX1OT001',
        addresses: { notices: [records], escalation: [lead] },
      });
      await table.write(senderKey('RX1'), { setting, version: 1, history: [] }, 0);
      await table.write(addressesKey, { checkedAt: now, confirmed }, 0);
    },
    async give(over: Partial<typeof context> & { operatorsContact?: string } = {}): Promise<readonly Given[]> {
      const before = given.length;
      await giveNotices({ ...context, ...over }, 'RX1');
      return given.slice(before);
    },
    async file(key: string) {
      const found = await readWhole(drops, key, 1 << 24);
      return found && found !== 'too-large' ? readCsv(found.bytes.toString('utf8')) : undefined;
    },
  };
};
beforeEach(() => {
  world = createWorld();
});

/** Refused by the practice, as `reduce` left it: what is to be told stands in its work. */
const refused = (n = 1): DocumentRecord => {
  const record = recordAfter(...wasSent, positive('20013'), negative('30002'));
  return {
    ...record,
    documentId: documentIdOf(ods, `encounter-${n}`, 1),
    encounterId: `encounter-${n}`,
    compositions: record.compositions.map((one) => ({ ...one, practice: 'Y12345' as never })),
  };
};
type Kind = Exclude<Notice['kind'], 'once'>;
const noticesOf = ({ documentId, told = [] }: DocumentRecord, ...wanted: readonly Kind[]) =>
  told.flatMap(({ code, since }) => wanted.map((kind) => noticeOf(documentId, { kind, code, since, at: now })));
const put = (record: DocumentRecord, revision = 0) =>
  world.table.write(documentKey(record.documentId), record, revision, indexedRecord(record, now, settings));
/** Leaves these notices of its one condition. */
const leave = async (record: DocumentRecord, ...wanted: readonly Kind[]) => {
  await put(record);
  const notices = noticesOf(record, ...wanted);
  await leaveNotices(world.table, 'RX1', notices, now);
  return notices;
};
/** Somebody has dealt with it. */
const resolve = async (record: DocumentRecord) => {
  await put(resolved(record), 1);
  await leaveNotices(world.table, 'RX1', noticesOf(record, 'clear', 'escalation-clear'), now);
};
const resolved = (record: DocumentRecord): DocumentRecord => ({
  ...record,
  resolutions: [{ at: now, by: 'Ann Bell', route: 'telephoned', of: ['BUSINESS_REJECTED'] }],
});

describe('a notice', () => {
  it('says what happened, to which document and practice, whose move it is and what to do, in the time of London', async () => {
    await world.confirmed(records);
    const record = refused();
    const [notice] = await leave(record, 'start');
    const [given] = await world.give({ operatorsContact: 'telephone 0113 496 0999' });
    expect(given?.subject).toBe('Send Document RX1: 1 document needs somebody (BUSINESS_REJECTED)');
    const lines = given?.body.split('\n') ?? [];
    expect(lines[0]).toBe('Northfield Out of Hours Service (RX1): 1 document needs somebody.');
    for (const line of [
      `1. Document ${record.documentId}, version 1`,
      '   BUSINESS_REJECTED, since 1970-01-01 01:00 BST',
      '   Practice: Y12345',
      '   Whose move: yours (the sender, RX1)',
      `   Notice ${notice?.id}`,
    ]) {
      expect(lines).toContain(line);
    }
    expect(given?.body).toContain('told the operators (telephone 0113 496 0999) what was done');
  });

  it('names nothing that the organisation chose, and says where that stands: in a table in its own folder', async () => {
    await world.confirmed(records);
    const record = {
      ...refused(),
      encounterId: '-1',
      drops: [{ name: 'report-7', at: 1 }],
    } as unknown as DocumentRecord;
    await leave(record, 'start');
    const [given] = await world.give();
    expect(given?.body).not.toContain('report-7');
    const [, key = ''] = /drops these are: (receipts\/RX1\/notices\/\S+\.csv)/.exec(given?.body ?? '') ?? [];
    const [head, line, ...others] = (await world.file(key)) ?? [];
    expect(others).toEqual([]);
    expect(Object.fromEntries((head ?? []).map((name, at) => [name, line?.[at]]))).toMatchObject({
      what: 'needs somebody',
      code: 'BUSINESS_REJECTED',
      documentId: record.documentId,
      encounterId: "'-1",
      drops: 'report-7',
      state: 'BUSINESS_REJECTED',
      whoseMove: 'the sender',
    });
  });

  it('is given without that table where it cannot be written', async () => {
    await world.confirmed(records);
    await leave(refused(), 'start');
    const put = async () => {
      throw new Error('No bucket answers.');
    };
    const [given] = await world.give({ drops: { ...world.context.drops, put } });
    expect(given?.body).toContain('BUSINESS_REJECTED');
    expect(given?.body).not.toContain('drops these are');
    expect((await readWaiting(world.table, 'RX1'))?.waiting).toEqual([]);
  });

  it('of what began and was over before anybody was told says both at once', async () => {
    await world.confirmed(records);
    await leave(resolved(refused()), 'start', 'clear');
    const [given, ...others] = await world.give();
    expect(others).toEqual([]);
    expect(given?.subject).toBe('Send Document RX1: 1 matter is over');
    expect(given?.body).toContain('(over before it could be told)');
    expect(given?.body).toContain('Ann Bell recorded what was done: telephoned, 2026-07-01 02:04 BST.');
    expect(given?.body).not.toContain('NEEDS SOMEBODY');
  });

  it('of what was over and stands again says that it stands, and not that it is over', async () => {
    await world.confirmed(records);
    await leave(refused(), 'clear', 'start');
    const [given, ...others] = await world.give();
    expect(others).toEqual([]);
    expect(given?.subject).toBe('Send Document RX1: 1 document needs somebody (BUSINESS_REJECTED)');
    expect(given?.body).not.toContain('OVER');
    expect((await readWaiting(world.table, 'RX1'))?.waiting).toEqual([]);
  });

  it('of a thousand documents is one message that a topic takes, and the table has them all', async () => {
    await world.confirmed(records);
    const documents = Array.from({ length: 1000 }, (_, n) => refused(n + 1));
    for (const record of documents) await put(record);
    const notices = documents.flatMap((record) => noticesOf(record, 'start'));
    await leaveNotices(world.table, 'RX1', notices, now);
    const [given, ...others] = await world.give();
    expect(others).toEqual([]);
    expect(Buffer.byteLength(given?.body ?? '')).toBeLessThan(256 * 1024);
    for (const n of [1, 1000]) expect(given?.body).toContain(documentIdOf(ods, `encounter-${n}`, 1));
    const [, key = ''] = /drops these are: (\S+)/.exec(given?.body ?? '') ?? [];
    expect(await world.file(key)).toHaveLength(1001);
  });

  it('given by two at once has one id, and what comes meanwhile waits', async () => {
    await world.confirmed(records);
    const [first] = await leave(refused(1), 'start');
    await put(refused(2));
    const [second] = noticesOf(refused(2), 'start');
    const both: string[] = [];
    const publish = async ({ body }: TopicMessage) => {
      both.push(body);
      await leaveNotices(world.table, 'RX1', second ? [second] : [], now);
    };
    await Promise.all([world.give({ notices: { publish } }), world.give({ notices: { publish } })]);
    expect(both).toHaveLength(2);
    for (const body of both) expect(body).toContain(`Notice ${first?.id}`);
    expect((await readWaiting(world.table, 'RX1'))?.waiting.map(({ id }) => id)).toEqual([second?.id]);
  });

  it('that is one too many waits where it stands', async () => {
    const all = Array.from({ length: 1001 }, (_, n) =>
      noticeOf(`doc-${n}`, { kind: 'start', code: 'REJECTED', since: n, at: now }),
    );
    await leaveNotices(world.table, 'RX1', all.slice(1), now);
    await expect(leaveNotices(world.table, 'RX1', all.slice(0, 1), now)).rejects.toThrow('1000 notices wait');
  });
});

describe('what is open after a working day', () => {
  const audiences = (given: readonly Given[]) => given.map(({ attributes }) => attributes.audience);

  it('is told those above, and they hear of the end as well', async () => {
    await world.confirmed(records, lead);
    const record = refused();
    await leave(record, 'escalation');
    const [still] = await world.give();
    expect(still?.attributes.audience).toBe('escalation');
    expect(still?.subject).toContain('1 document still needs somebody');
    await resolve(record);
    const over = await world.give();
    expect(audiences(over)).toEqual(['sender', 'escalation']);
    for (const { subject, body } of over) {
      expect(subject).toContain('1 matter is over');
      expect(body).not.toContain('over before it could be told');
    }
  });

  it('is not told them where it was over before', async () => {
    await world.confirmed(records, lead);
    await leave(resolved(refused()), 'escalation', 'clear', 'escalation-clear');
    expect(audiences(await world.give())).toEqual(['sender']);
    expect((await readWaiting(world.table, 'RX1'))?.waiting).toEqual([]);
  });

  it('is told the others where nobody above has confirmed, and its end once', async () => {
    await world.confirmed(records);
    const record = refused();
    await leave(record, 'escalation');
    const [still] = await world.give();
    expect(still?.attributes.audience).toBe('sender');
    expect(still?.body).toContain('No escalation address of RX1 is confirmed');
    await resolve(record);
    expect(audiences(await world.give())).toEqual(['sender']);
  });

  it('goes to the operators where nobody at all has confirmed, who must tell the organisation', async () => {
    await world.confirmed();
    await leave(refused(), 'start', 'escalation');
    const given = await world.give();
    expect(audiences(given)).toEqual(['operators', 'operators']);
    for (const { body } of given) {
      expect(body).toContain('Whose move: the sender\n');
      expect(body).toContain('the operators, who must tell the organisation');
    }
  });
});

describe('what was not taken', () => {
  const name = (n: number) =>
    looseNotice('NAME_REFUSED', {
      receipt: `receipts/RX1/jones-${n}.name-refused-00.json`,
      what: `jones-${n}`,
      since: now,
      at: now,
    });
  const names = (n: number) => Array.from({ length: n }, (_, at) => name(at + 1));
  const leaveAll = (notices: readonly Notice[]) => leaveNotices(world.table, 'RX1', notices, now);
  const dropRefused = ({ documentId }: DocumentRecord) =>
    noticeOf(documentId, { kind: 'once', code: 'DROP_REFUSED', since: 7, at: now });
  const tableIn = async (body: string) => world.file(/drops these are: (\S+)/.exec(body)?.[1] ?? '');

  it('is told once, in one message with what needs somebody: what happened, whose move, what to do, how many', async () => {
    await world.confirmed(records, lead);
    const record = { ...refused(), refusals: [{ name: 'jones-report', at: now, problems: [] }] };
    const [condition] = await leave(record, 'start');
    const again = dropRefused(record);
    await leaveAll([again, ...names(3)]);
    await leaveAll([again, ...names(2)]);
    const [given, ...others] = await world.give();
    expect(others).toEqual([]);
    expect(given?.attributes.audience).toBe('sender');
    expect(given?.subject).toBe('Send Document RX1: 1 document needs somebody; 4 handed over and not taken');
    const lines = given?.body.split('\n') ?? [];
    for (const line of [
      'NOT TAKEN, AND NOT SENT: told this once',
      'DROP_REFUSED: 1',
      `   - Document ${record.documentId}, version 1, which is BUSINESS_REJECTED. Notice ${again.id}`,
      'NAME_REFUSED: 3',
      `   - 2026-07-01 02:04 BST. Notice ${name(1).id}`,
      '   Which: each has a receipt under receipts/RX1/; the table below names them.',
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.filter((line) => line === '   Whose move: yours (the sender, RX1)')).toHaveLength(3);
    expect(given?.body).toContain('hand it over again with the next version number');
    expect(given?.body).not.toContain('jones');
    const [head = [], ...rows] = (await tableIn(given?.body ?? '')) ?? [];
    const column = (title: string) => rows.map((row) => row[head.indexOf(title)]);
    expect(column('notice')).toEqual([condition?.id, again.id, ...names(3).map(({ id }) => id)]);
    expect(column('what')).toEqual(['needs somebody', ...Array.from({ length: 4 }, () => 'not taken')]);
    expect(column('documentId')).toEqual([record.documentId, record.documentId, '', '', '']);
    expect(column('drops')[1]).toBe('jones-report');
    expect(column('receipt').slice(2)).toEqual(names(3).map(({ about }) => about));

    await leaveAll([again, ...names(3)]);
    expect(await world.give()).toEqual([]);
  });

  it('five thousand times is one short message that counts them, and keeps no notice of a document away', async () => {
    await world.confirmed(records);
    await leaveAll(names(5000));
    const documents = Array.from({ length: 1000 }, (_, n) => refused(n + 1));
    for (const record of documents) await put(record);
    await leaveAll(documents.flatMap((record) => noticesOf(record, 'start')));
    const [given, ...others] = await world.give();
    expect(others).toEqual([]);
    expect(given?.subject).toContain('1000 documents need somebody; about 5000 handed over and not taken');
    expect(given?.body).toContain('NAME_REFUSED: about 5000\n');
    expect(given?.body).toContain('   and about 4940 more\n');
    expect(given?.body).toContain('the table below names the first 100.');
    expect(Buffer.byteLength(given?.body ?? '')).toBeLessThan(256 * 1024);
    expect((await tableIn(given?.body ?? ''))?.filter(([what]) => what?.startsWith('not taken'))).toHaveLength(101);
    expect((await readWaiting(world.table, 'RX1'))?.waiting).toEqual([]);
  });

  it('fits an item of the table with all that can wait there', async () => {
    const long = Array.from({ length: 200 }, (_, n) =>
      looseNotice(n < 100 ? 'NAME_REFUSED' : 'ATTACHMENTS_REJECTED', {
        receipt: `receipts/RX10000000/${'n'.repeat(100)}.name-refused-0123456789abcdef.json`,
        what: String(n),
        since: now,
        at: now,
      }),
    );
    const given = Array.from({ length: 1000 }, (_, n) =>
      noticeOf(`doc-${n}`, { kind: 'start', code: 'REJECTED', since: n, at: now }),
    );
    await leaveNotices(world.table, 'RX1', given, now);
    await takeGiven(world.table, 'RX1', given, now);
    const documents = Array.from({ length: 1000 }, (_, n) =>
      noticeOf(documentIdOf(ods, `${n}`, 1), {
        kind: 'escalation-clear',
        code: 'EARLIER_COMPOSITION_ACCEPTED',
        since: now,
        at: now,
      }),
    );
    await leaveNotices(world.table, 'RX1', [...long, ...documents], now);
    const stored = await readWaiting(world.table, 'RX1');
    expect(stored?.waiting).toHaveLength(1200);
    expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(390_000);
  });

  it('is counted on where more come while it is given', async () => {
    await world.confirmed(records);
    await leaveAll(names(150));
    const bodies: string[] = [];
    const publish = async ({ body }: TopicMessage) => {
      bodies.push(body);
      if (bodies.length === 1) await leaveAll(names(160).slice(150));
    };
    await world.give({ notices: { publish } });
    const left = (await readWaiting(world.table, 'RX1'))?.waiting ?? [];
    expect(left.map(({ count }) => count)).toEqual([10]);
    await world.give({ notices: { publish } });
    expect(bodies.map((body) => /NAME_REFUSED: (.*)/.exec(body)?.[1])).toEqual(['about 150', 'about 10']);
    expect((await readWaiting(world.table, 'RX1'))?.waiting).toEqual([]);
  });

  it('goes to the operators where nobody has confirmed, and never to those above', async () => {
    await world.confirmed();
    await leaveAll(names(1));
    const given = await world.give();
    expect(given.map(({ attributes }) => attributes.audience)).toEqual(['operators']);
    expect(given[0]?.body).toContain('   Whose move: the sender\n');
  });
});
