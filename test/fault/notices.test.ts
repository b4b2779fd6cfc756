import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ManifestOverrides } from '../../local/samples/variants.ts';
import { applyEvent } from '../../shared/delivery/documents.ts';
import { performWork } from '../../shared/delivery/perform-work.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { readWaiting } from '../../shared/notices/pending.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { type DocumentId, documentIdOf } from '../../shared/platform/ids.ts';
import { readWhole } from '../../shared/platform/objects.ts';
import { createRig, type GivenNotice, type Rig } from '../support/rig.ts';

/** People are told: each condition when it begins and when it is over, once, whatever breaks between (GPCM-SD-094, 095). */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
beforeEach(() => {
  rig.notices.length = 0;
  rig.crashWith(undefined);
  rig.breakTopic(false);
});

const patient = ['9691375087', 'Fernández', 'María', '1957-01-09'];

let count = 0;
/** A document that has ended as the practice answered. */
const answered = async (code: string, overrides: object = {}) => {
  count += 1;
  const name = `notice-${count}`;
  const { documentId } = await rig.drop(name, { encounterId: `encounter-of-${name}`, ...overrides });
  await rig.takeEvents();
  await rig.takeOutbox();
  rig.answer(...(code.startsWith('3') ? ['20013', code] : [code]));
  await rig.poll();
  return { documentId, name };
};
/** Digests come when the clock passes their hour, whatever a test is about. */
const isDigest = ({ subject = '' }: GivenNotice): boolean => subject.includes('summary');
const told = async (leap = minutes(2)): Promise<readonly GivenNotice[]> => {
  const before = rig.notices.length;
  rig.clock.leap(leap);
  await rig.watch();
  return rig.notices.slice(before).filter((one) => !isDigest(one));
};
const idsIn = (notices: readonly GivenNotice[]): string[] =>
  notices.flatMap(({ body }) => [...body.matchAll(/Notice ([0-9a-f-]{36})/g)].map(([, id]) => id ?? ''));
describe('a document that the practice does not accept', () => {
  it('is told once to those who are to know: what happened, whose move, what to do, which document and practice (GPCM-SD-094, GPC-SD05)', async () => {
    const { documentId, name } = await answered('30002');
    const [notice, ...others] = await told();
    expect(others).toEqual([]);
    expect(notice?.attributes).toEqual({ senderOds: 'RX1', audience: 'sender' });
    expect(notice?.subject).toBe('Send Document RX1: 1 document needs somebody (BUSINESS_REJECTED)');
    for (const part of [
      `Document ${documentId}, version 1`,
      'BUSINESS_REJECTED, since',
      'What happened: ',
      'Practice: ',
      'Whose move: yours (the sender, RX1)',
      'What to do: ',
    ]) {
      expect(notice?.body).toContain(part);
    }
    for (const part of [...patient, name, `encounter-of-${name}`]) expect(JSON.stringify(notice)).not.toContain(part);
    for (let minute = 0; minute < 5; minute++) expect(await told()).toEqual([]);
  });

  it('is told again after a working day to those above, once, and is over when somebody has recorded what was done', async () => {
    const { documentId } = await answered('20009');
    await told();
    expect(await told(hours(1))).toEqual([]);
    rig.clock.leap(hours(8 * 24));
    await rig.watch();
    const above = await told();
    expect(above.filter(({ body }) => body.includes(documentId)).map(({ attributes }) => attributes)).toEqual([
      // Nobody there has confirmed, so it comes to those who have.
      { senderOds: 'RX1', audience: 'sender' },
    ]);
    expect(above.map(({ body }) => body).join()).toContain('STILL OPEN AFTER A WORKING DAY');
    expect(above.map(({ body }) => body).join()).toContain('No escalation address of RX1 is confirmed');

    const applied = await applyEvent(rig.context, documentId as DocumentId, {
      kind: 'resolved',
      by: 'Ann Bell',
      route: 'telephoned',
    });
    if (applied.kind === 'changed') await performWork(rig.context, applied.record);
    const [over] = await told();
    expect(over?.subject).toBe('Send Document RX1: 1 matter is over');
    expect(over?.body).toContain('Ann Bell recorded what was done: telephoned');
    expect(await told()).toEqual([]);
  });

  it('is told those named for escalation where they have confirmed', async () => {
    rig.addresses.push('lead@northfield.example');
    rig.clock.leap(hours(25));
    await rig.watch();
    const { documentId } = await answered('30003');
    await told();
    rig.clock.leap(hours(8 * 24));
    await rig.watch();
    const again = (await told()).filter(({ body }) => body.includes(documentId));
    expect(again.filter(({ attributes }) => attributes.audience === 'escalation')).toHaveLength(1);
    rig.addresses.splice(1);
  });
});

describe('what is to be told together', () => {
  it('goes out as one message, a line for each, also after an outage (GPCM-SD-095)', async () => {
    const names = ['a', 'b', 'c'].map((each) => `silent-${each}`);
    const documents: string[] = [];
    for (const name of names) {
      documents.push((await rig.drop(name, { encounterId: name })).documentId);
      await rig.takeEvents();
      await rig.takeOutbox();
    }
    // watch is away until after all of them are overdue; then MESH is read first.
    rig.clock.leap(hours(30));
    await rig.poll();
    rig.clock.leap(minutes(10));
    await rig.watch();
    const given = (await told()).filter(({ body }) => body.includes('INFRASTRUCTURE_OVERDUE'));
    expect(given).toHaveLength(1);
    for (const documentId of documents) expect(given[0]?.body).toContain(documentId);
    expect(given[0]?.subject).toContain('3 documents need somebody');

    rig.answer('20013', '30001');
    await rig.poll();
    const [over] = (await told()).filter(({ body }) => body.includes('OVER\n'));
    expect(over?.subject).toContain('3 matters are over');
    expect(over?.body).toContain('it is ACCEPTED');
  });
});

describe('publishing that fails', () => {
  it('leaves the notice waiting, counts it, and gives it under the same id when the topic takes it again', async () => {
    rig.breakTopic(true);
    const { documentId } = await answered('30002');
    rig.metrics.set('ItemsFailed', 0);
    expect(await told()).toEqual([]);
    expect(rig.metrics.get('ItemsFailed')).toBe(1);
    const waiting = (await readWaiting(rig.table, 'RX1'))?.waiting ?? [];
    expect(waiting.map(({ about }) => about)).toContain(documentId);
    rig.breakTopic(false);
    expect(idsIn(await told())).toEqual(waiting.map(({ id }) => id));
    expect((await readWaiting(rig.table, 'RX1'))?.waiting).toEqual([]);
  });
});

describe('the operators', () => {
  it('are told when no address of an organisation is confirmed any more, and when one is again', async () => {
    const gone = rig.addresses.splice(0);
    rig.clock.leap(hours(25));
    await rig.watch();
    const [notice] = (await told()).filter(({ body }) => body.includes('NO_CONFIRMED_ADDRESS'));
    expect(notice?.attributes).toEqual({ audience: 'operators' });
    expect(notice?.body).toMatch(/^NO_CONFIRMED_ADDRESS\n(.*\n)* {3}RX1, since /m);

    const { documentId } = await answered('30002');
    const [instead] = (await told()).filter(({ body }) => body.includes(documentId));
    expect(instead?.attributes).toEqual({ senderOds: 'RX1', audience: 'operators' });
    expect(instead?.body).toContain('No address of RX1 is confirmed, so this comes to the operators');

    rig.addresses.push(...gone);
    rig.clock.leap(hours(25));
    await rig.watch();
    const over = (await told()).filter(({ body }) => body.includes('NO_CONFIRMED_ADDRESS'));
    expect(over.map(({ subject }) => subject)).toEqual([expect.stringContaining('over')]);
  });
});

describe('what versions and confidentiality mean', () => {
  const encounterId = 'replaced-encounter';
  /** Version 2 of it, which has become confidential and does not go. */
  const notSent = async (encounter: string, overrides: ManifestOverrides = {}): Promise<string> => {
    count += 1;
    const drop = { encounterId: encounter, version: 2, confidential: true, ...overrides };
    const { documentId } = await rig.drop(`notice-${count}`, drop);
    await rig.takeEvents();
    return documentId;
  };
  it('is told: both versions void (GPCM-SD-128)', async () => {
    await answered('30001', { encounterId, version: 1 });
    await told();
    await answered('20014', { encounterId, version: 2 });
    const body = (await told()).map((one) => one.body).join();
    for (const version of [1, 2]) {
      expect(body).toContain(`Document ${documentIdOf('RX1' as never, encounterId, version)}, version ${version}`);
    }
    expect(body.match(/NULL_AND_VOID, since/g)).toHaveLength(2);
    expect(body).toContain('Telephone it');
  });

  it('is told: the practice still holds the version before, where the next is confidential and not sent', async () => {
    const encounter = 'confidential-encounter';
    await answered('30001', { encounterId: encounter, version: 1 });
    await told();
    const documentId = await notSent(encounter);
    const [notice] = (await told()).filter(({ body }) => body.includes(documentId));
    expect(notice?.body).toContain('OLDER_VERSION_STANDS');
    expect(notice?.body).toContain('The practice still holds version 1');
  });

  it('is told: the old practice still holds the version that went there', async () => {
    const encounter = 'moved-encounter';
    await answered('30001', { encounterId: encounter, version: 1 });
    await told();
    const moved = { registeredPractice: { odsCode: 'A12345' } };
    const { documentId } = await answered('30001', { encounterId: encounter, version: 2, ...moved });
    const [notice] = (await told()).filter(({ body }) => body.includes(documentId));
    expect(notice?.body).toContain('OLDER_VERSION_ELSEWHERE');
    expect(notice?.body).toContain('(Y12345), which still holds it');
    expect(notice?.body).toContain('Practice: Y12345');
  });

  it('is told: the old practice still holds a version of what is confidential now, though nothing goes to the new one', async () => {
    const encounter = 'moved-and-confidential';
    await answered('30001', { encounterId: encounter, version: 1 });
    await told();
    const documentId = await notSent(encounter, { registeredPractice: { odsCode: 'A12345' } });
    const [notice] = (await told()).filter(({ body }) => body.includes(documentId));
    expect(notice?.body).toContain('OLDER_VERSION_ELSEWHERE');
    expect(notice?.body).toContain('Tell that practice that version 1 is confidential');
  });

  it('is not told of a practice that never held it: MESH took the version before to this one', async () => {
    const encounter = 'put-right';
    const wrong = { registeredPractice: { odsCode: 'A12345' } };
    const { documentId: first } = await answered('30001', { encounterId: encounter, version: 1, ...wrong });
    // MESH says where it took it.
    rig.clock.leap(minutes(30));
    await rig.poll();
    await told();
    await answered('30001', { encounterId: encounter, version: 2 });
    expect((await told()).filter(({ body }) => body.includes('OLDER_VERSION_ELSEWHERE'))).toEqual([]);
    const record = await rig.record(first);
    expect(record && stateOf(record)).toBe('REPLACED');
  });
});

describe('the daily digest', () => {
  /** The digests that come next: past their hour of the next working day, wherever the clock stands. */
  const digests = async (over: () => boolean = () => false): Promise<readonly GivenNotice[]> => {
    const before = rig.notices.length;
    for (let leaps = 0; leaps < 40; leaps++) {
      rig.clock.leap(hours(6));
      await rig.watch();
      const found = rig.notices.slice(before).filter(isDigest);
      if (found.length > 0 || over()) return found;
    }
    throw new Error('No digest came in ten days.');
  };
  const failures = () => rig.lines.filter((line) => line.includes('PEOPLE_NOT_LOOKED_AFTER')).length;

  it('tells the organisation and the operators how it stands and what was answered, once, with a table beside it (FHIR-BA-01)', async () => {
    await digests();
    const { documentId } = await answered('30002');
    const { documentId: accepted } = await answered('30001');
    // The first time the topic takes nothing: it comes the next time, and covers the same.
    rig.breakTopic(true);
    const failed = failures();
    expect(await digests(() => failures() > failed)).toEqual([]);
    rig.breakTopic(false);
    rig.clock.leap(minutes(1));
    const before = rig.notices.length;
    await rig.watch();
    const given = rig.notices.slice(before).filter(isDigest);
    expect(given.map(({ attributes }) => attributes)).toEqual([
      { senderOds: 'RX1', audience: 'digest' },
      { audience: 'operators' },
    ]);
    const [own, all] = given;
    expect(own?.body).toMatch(/^ {6}2 {2}handed over$/m);
    expect(own?.body).toMatch(/^ {6}1 {2}accepted/m);
    expect(own?.body).toContain(`Document ${documentId}, version 1`);
    expect(all?.body).toContain('- RX1: ');
    for (const part of patient) expect(JSON.stringify(given)).not.toContain(part);
    const count = rig.notices.filter(isDigest).length;
    await rig.watch();
    expect(rig.notices.filter(isDigest)).toHaveLength(count);

    const files = await rig.keys(rig.drops, 'receipts/RX1/digests/');
    const table = files.filter((key) => key.endsWith('.csv')).at(-1) ?? '';
    const found = await readWhole(rig.drops, table, 1 << 20);
    const text = found && found !== 'too-large' ? found.bytes.toString('utf8') : '';
    expect(text).toContain(documentId);
    expect(text).toContain(accepted);
    for (const part of patient) expect(text).not.toContain(part);
    expect((await rig.keys(rig.drops, 'receipts/operators/digests/')).some((key) => key.endsWith('.csv'))).toBe(true);
  });
});
