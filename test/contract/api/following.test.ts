import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentAnswer, documentAnswer, listAnswer } from '../../../shared/api/schemas.ts';
import { indexedRecord, type StoredRecord } from '../../../shared/delivery/documents.ts';
import { documentKey, submissionKey } from '../../../shared/delivery/keys.ts';
import { dropLimit, refusalLimit } from '../../../shared/delivery/record.ts';
import { type ApiRig, type Call, createApiRig } from './support.ts';

/** What the list and the view say of one document: the same, and in words for somebody who submits. */

let rig: ApiRig;
beforeAll(async () => {
  rig = await createApiRig();
});
afterAll(() => rig.close());

const shown = async (documentId: string) => {
  const response = await rig.call({ path: `/v1/documents/${documentId}` });
  expect(response.status, response.text).toBe(200);
  return { ...documentAnswer.parse(response.body), text: response.text };
};
const listed = async (query: NonNullable<Call['query']> = {}) =>
  listAnswer.parse((await rig.call({ path: '/v1/documents', query: { limit: '100', ...query } })).body).documents;
const listedOnce = async (documentId: string) => {
  const entries = (await listed()).filter((entry) => entry.documentId === documentId);
  expect(entries).toHaveLength(1);
  return entries[0];
};
const agree = async (documentId: string, expected: Pick<DocumentAnswer, 'state' | 'whoseMove'>) => {
  expect(await shown(documentId)).toMatchObject(expected);
  expect(await listedOnce(documentId)).toMatchObject(expected);
};
/** As something that this test does not play would change it. */
const changeRecord = async (documentId: string, changes: Partial<StoredRecord>) => {
  const record = await rig.record(documentId);
  if (!record) throw new Error('no record');
  const changed = { ...record, ...changes };
  const indexed = indexedRecord(changed, rig.clock.now(), rig.context.settings);
  expect(await rig.table.write(documentKey(documentId), changed, record.revision, indexed)).toBe('written');
};

describe('whose move it is', () => {
  it('is the sender’s in the list as in the view, where a document is held', async () => {
    const { documentId } = rig.accepted(await rig.submit(await rig.make()));
    await rig.takeEvents();
    await agree(documentId, { state: 'COMPOSED', whoseMove: 'this system' });
    const hold = { reason: 'doubt', by: 'test', why: 'Telephone the practice.', at: rig.clock.now() } as const;
    await changeRecord(documentId, { holds: [hold] });
    await agree(documentId, { state: 'COMPOSED', whoseMove: 'the sender' });
  });

  it('is the sender’s in the list as in the view, where the PDF that the manifest names has not come', async () => {
    const encounterId = randomUUID();
    const made = await rig.make({ encounterId });
    const other = await rig.make({ encounterId }, 'Another report');
    await rig.drops.put('inbox/RX1/named.pdf', other.pdf);
    await rig.drops.put('inbox/RX1/named.json', made.json);
    await rig.takeEvents();
    const [entry] = (await listed()).filter(({ state }) => state === 'RECEIVED');
    await agree(entry?.documentId ?? '', { state: 'RECEIVED', whoseMove: 'the sender' });
    expect((await shown(entry?.documentId ?? '')).advice).toMatch(/Submit manifest and files together/);
  });
});

describe('what was taken and is not registered yet', () => {
  it('is in the list at once, as RECEIVED, for its own organisation only, and once when it is registered', async () => {
    const { documentId } = rig.accepted(await rig.submit(await rig.make()));
    await agree(documentId, { state: 'RECEIVED', whoseMove: 'this system' });
    expect((await listed({ state: 'RECEIVED' })).map((entry) => entry.documentId)).toContain(documentId);
    expect((await listed({ state: 'SENT' })).map((entry) => entry.documentId)).not.toContain(documentId);
    const theirs = await rig.call({ path: '/v1/documents', odsCode: 'RX2' });
    expect(theirs.text).not.toContain(documentId);

    await rig.takeEvents();
    await agree(documentId, { state: 'COMPOSED', whoseMove: 'this system' });
  });

  it('leaves the index when the list finds it registered, and the item stays', async () => {
    const { documentId } = rig.accepted(await rig.submit(await rig.make()));
    const item = async () => (await rig.items()).find(({ pk }) => pk === submissionKey(documentId));
    expect(await item()).toMatchObject({ senderOds: 'RX1', state: 'RECEIVED' });
    await rig.takeEvents();
    await listed();
    expect(await item()).toMatchObject({ pk: submissionKey(documentId), expiresAt: expect.any(Number) });
    expect(await item()).not.toHaveProperty('senderOds');
  });

  it('comes page by page with the others, and a page goes on after it', async () => {
    const last = [await rig.submit(await rig.make()), await rig.submit(await rig.make())];
    const ids = last.map((response) => rig.accepted(response).documentId);
    const first = listAnswer.parse((await rig.call({ path: '/v1/documents', query: { limit: '1' } })).body);
    const second = listAnswer.parse(
      (await rig.call({ path: '/v1/documents', query: { limit: '1', cursor: first.cursor ?? '' } })).body,
    );
    expect([...first.documents, ...second.documents].map(({ documentId }) => documentId).sort()).toEqual(ids.sort());
    expect(second.cursor).toBeDefined();
    await rig.takeEvents();
  });

  it('as a correction is shown as received, not as the rejection that it corrects', async () => {
    const wrong = await rig.make({ patient: { nhsNumber: '9434765919' } });
    const { documentId } = rig.accepted(await rig.submit(wrong));
    await rig.takeEvents();
    await agree(documentId, { state: 'REJECTED', whoseMove: 'the sender' });
    rig.accepted(await rig.submit(await rig.make({ encounterId: wrong.manifest.encounterId })));
    await agree(documentId, { state: 'RECEIVED', whoseMove: 'this system' });
    const { problems, advice, requests } = await shown(documentId);
    expect({ problems, advice }).toEqual({});
    expect(requests).toHaveLength(2);
    await rig.takeEvents();
    await agree(documentId, { state: 'COMPOSED', whoseMove: 'this system' });
  });
});

describe('a submission that was taken, and refused because a drop with other content came first', () => {
  it('is told in the view with what differs, and makes it the sender’s move, until something is taken again', async () => {
    const encounterId = randomUUID();
    const headers = { 'X-Request-ID': randomUUID() };
    const { documentId } = rig.accepted(
      await rig.submit(await rig.make({ encounterId, actor: { userId: 'other' } }), { headers }),
    );
    const late = rig.events.splice(0);
    await rig.drop('came-first', { encounterId });
    await rig.takeEvents();
    rig.events.push(...late);
    await rig.takeEvents();

    await agree(documentId, { state: 'COMPOSED', whoseMove: 'the sender' });
    const { refusals, advice } = await shown(documentId);
    expect(refusals).toEqual([
      {
        at: expect.any(String),
        requestId: headers['X-Request-ID'],
        problems: expect.arrayContaining([expect.objectContaining({ code: 'CONTENT_DIFFERS', path: 'actor.userId' })]),
      },
    ]);
    expect(advice).toMatch(/submit it with the next version number/);
    // The drop's own receipt speaks of the drop, which was taken.
    expect(await rig.receipt('came-first')).toMatchObject({ state: 'COMPOSED', whoseMove: 'this system' });

    // The advice was followed: a later version took its place. What was refused stays told, and asks nothing any more.
    const record = await rig.record(documentId);
    const supersededBy = { at: rig.clock.now(), version: 2 };
    const compositions = (record?.compositions ?? []).map((composition) => ({ ...composition, supersededBy }));
    await changeRecord(documentId, { compositions });
    await agree(documentId, { state: 'SUPERSEDED', whoseMove: 'nobody' });
    const after = await shown(documentId);
    expect(after.refusals).toEqual(refusals);
    expect(after.advice ?? '').not.toMatch(/submit it with the next version number/);
  });
});

describe('however often the same document is dropped in the bucket as well', () => {
  it('a submission that is registered stays so: what became of it is shown, not that it was taken', async () => {
    const made = await rig.make();
    const { documentId } = rig.accepted(await rig.submit(made));
    await rig.takeEvents();
    const { drops = [] } = (await rig.record(documentId)) ?? {};
    const others = Array.from({ length: dropLimit - 1 }, (_, n) => ({ name: `other-${n}`, at: rig.clock.now() }));
    await changeRecord(documentId, { drops: [...drops, ...others] });
    await rig.drop(`again-${documentId}`, { encounterId: made.manifest.encounterId }, { text: 'Report' });
    await rig.takeEvents();
    expect((await rig.record(documentId))?.counts.duplicateDrops).toBe(1);
    await agree(documentId, { state: 'COMPOSED', whoseMove: 'this system' });
    expect(rig.accepted(await rig.submit(made))).toMatchObject({ state: 'COMPOSED' });
  });

  it('a submission that was refused after 202 is told, and the move stays the sender’s', async () => {
    const encounterId = randomUUID();
    const { documentId } = rig.accepted(await rig.submit(await rig.make({ encounterId, actor: { userId: 'other' } })));
    const late = rig.events.splice(0);
    await rig.drop(`first-${documentId}`, { encounterId });
    await rig.takeEvents();
    rig.events.push(...late);
    await rig.takeEvents();
    for (let n = 0; n <= refusalLimit; n++) {
      await rig.drop(`other-${documentId}-${n}`, { encounterId, actor: { userId: `other-${n}` } });
      await rig.takeEvents();
    }
    await agree(documentId, { state: 'COMPOSED', whoseMove: 'the sender' });
    expect((await shown(documentId)).refusals).toHaveLength(1);
  });
});

describe('the words', () => {
  it('are for somebody who submits: nothing tells a caller to drop', async () => {
    const wrong = await rig.make({ patient: { nhsNumber: '9434765919' } });
    const { documentId } = rig.accepted(await rig.submit(wrong));
    await rig.takeEvents();
    // The same again is tried again, and rejected again.
    rig.accepted(await rig.submit(wrong));
    await rig.takeEvents();
    const rejected = await shown(documentId);
    expect(rejected.advice).toBe('Put every problem listed right, then submit it again.');
    expect(rejected.history.at(-1)?.what).toMatch(/^handed over again/);
    expect(rejected.text).not.toMatch(/\bdrop/i);

    const given = rig.accepted(await rig.submit(await rig.make())).documentId;
    await rig.takeEvents();
    expect((await shown(given)).text).not.toMatch(/\bdrop/i);
    const record = await rig.record(given);
    const [composition] = record?.compositions ?? [];
    if (!record || !composition) throw new Error('no record');
    const failure = { at: 1, code: 'GAVE_UP', advice: 'Reach the practice by another route, or hand it over again.' };
    await changeRecord(given, { compositions: [{ ...composition, failure }] });
    const failed = await shown(given);
    expect(failed.state).toBe('SEND_FAILED');
    expect(failed.text).not.toMatch(/\bdrop/i);
  });
});
