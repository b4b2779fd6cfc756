import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentAnswer, listAnswer } from '../../../shared/api/schemas.ts';
import { isoTime } from '../../../shared/platform/clock.ts';
import { type ApiRig, type Call, createApiRig } from './support.ts';

let rig: ApiRig;
const taken: string[] = [];
let began = 0;

beforeAll(async () => {
  rig = await createApiRig();
  began = rig.clock.now();
  for (let index = 0; index < 7; index++) {
    const rejected = index % 3 === 2 ? { patient: { nhsNumber: '9434765919' } } : {};
    taken.push(rig.accepted(await rig.submit(await rig.make(rejected))).documentId);
    await rig.takeEvents();
    rig.clock.leap(1000);
  }
});
afterAll(() => rig.close());

const list = async (query: NonNullable<Call['query']> = {}, odsCode = 'RX1') => {
  const response = await rig.call({ path: '/v1/documents', query, odsCode });
  expect(response.status).toBe(200);
  return listAnswer.parse(response.body);
};
const ids = async (query: NonNullable<Call['query']> = {}) =>
  (await list(query)).documents.map(({ documentId }) => documentId);

/** Page by page to the end. */
const everything = async (query: NonNullable<Call['query']>) => {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page.documents.map(({ documentId }) => documentId));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
};

describe('the list of documents', () => {
  const newestFirst = () => [...taken].reverse();

  it('has the one changed last first, with its state and whose move it is', async () => {
    const { documents, cursor } = await list();
    expect(documents.map(({ documentId }) => documentId)).toEqual(newestFirst());
    expect(cursor).toBeUndefined();
    expect(documents.map(({ state }) => state).filter((state) => state === 'REJECTED')).toHaveLength(2);
    expect(documents.find(({ state }) => state === 'REJECTED')?.whoseMove).toBe('the sender');
  });

  it('comes in pages that miss nothing and repeat nothing', async () => {
    const pages = await everything({ limit: '3' });
    expect(pages.flat()).toEqual(newestFirst());
    expect(pages.slice(0, 2).map((page) => page.length)).toEqual([3, 3]);
  });

  it('comes by state, also page by page', async () => {
    const rejected = newestFirst().filter((id) => taken.indexOf(id) % 3 === 2);
    expect(await ids({ state: 'REJECTED' })).toEqual(rejected);
    expect((await everything({ state: 'REJECTED', limit: '1' })).flat()).toEqual(rejected);
    expect(await ids({ state: 'ACCEPTED' })).toEqual([]);
  });

  it('comes by time, both ends included', async () => {
    const { documents } = await list();
    const [from, to] = [documents[4]?.updatedAt ?? '', documents[2]?.updatedAt ?? ''];
    expect(await ids({ from, to })).toEqual(newestFirst().slice(2, 5));
    expect(await ids({ from: isoTime(began + 3_600_000) })).toEqual([]);
    expect(await ids({ to: isoTime(began - 1) })).toEqual([]);
  });

  it('is empty for another organisation, whose cursor leads nowhere else', async () => {
    const { cursor = '' } = await list({ limit: '2' });
    expect(cursor).not.toBe('');
    for (const odsCode of ['RX10', 'RX', 'RX2']) {
      expect(await list({}, odsCode)).toEqual({ documents: [] });
      expect((await list({ cursor }, odsCode)).documents).toEqual([]);
    }
  });

  it.each([
    ['an unknown parameter', { nhsNumber: '9691375087' }, 'query.nhsNumber'],
    ['an unknown state', { state: 'sent' }, 'query.state'],
    ['a parameter twice', { state: ['SENT', 'ACCEPTED'] }, 'query.state'],
    ['a date without time', { from: '2024-03-18' }, 'query.from'],
    ['a time that is none', { to: '2024-02-30T10:00:00Z' }, 'query.to'],
    ['a limit of none', { limit: '0' }, 'query.limit'],
    ['a limit past the most', { limit: '101' }, 'query.limit'],
    ['a cursor of nobody', { cursor: 'bm90aGluZw' }, 'query.cursor'],
    [
      'a cursor outside the range',
      {
        to: '2001-01-01T00:00:00Z',
        cursor: Buffer.from(`{"d":"${randomUUID()}","u":1700000000000}`).toString('base64url'),
      },
      'query.cursor',
    ],
    [
      'a cursor that names another kind of item',
      { cursor: Buffer.from('{"d":"../x","u":1}').toString('base64url') },
      'query.cursor',
    ],
    ['an end before the beginning', { from: '2024-03-18T10:00:00Z', to: '2024-03-18T09:00:00Z' }, 'query.from'],
  ])('refuses %s with 400, quoting nothing', async (_, query, path) => {
    const response = await rig.call({ path: '/v1/documents', query });
    expect(response.status).toBe(400);
    expect(rig.issues(response)).toEqual([{ code: 'QUERY_NOT_ALLOWED', issue: 'value', expression: [path] }]);
    for (const value of Object.values(query).flat()) expect(response.text).not.toContain(`"${value}"`);
  });

  it('tells every wrong parameter at once', async () => {
    const response = await rig.call({ path: '/v1/documents', query: { state: 'x', limit: 'x', cursor: 'x' } });
    expect(rig.issues(response)).toHaveLength(3);
  });
});

describe('a document', () => {
  it('is shown in the words of its receipt', async () => {
    const [documentId = ''] = taken;
    const response = await rig.call({ path: `/v1/documents/${documentId.toUpperCase()}` });
    const shown = documentAnswer.parse(response.body);
    const [name = ''] = (await rig.record(documentId))?.drops.map((drop) => drop.name) ?? [];
    const receipt = await rig.receipt(name);
    expect(receipt).toMatchObject({
      documentId: shown.documentId,
      state: shown.state,
      meaning: shown.meaning,
      whoseMove: shown.whoseMove,
      history: shown.history,
    });
  });

  it.each([
    ['of another organisation', () => taken[0] ?? '', 'RX2'],
    ['of an organisation whose code begins the same', () => taken[0] ?? '', 'RX10'],
    ['that nobody has', () => randomUUID(), 'RX1'],
    ['whose id is none', () => 'SENDER', 'RX1'],
  ])('%s is not found, and looks the same', async (_, documentId, odsCode) => {
    const response = await rig.call({ path: `/v1/documents/${documentId()}`, odsCode });
    expect(response.status).toBe(404);
    expect(response.body).toEqual((await rig.call({ path: `/v1/documents/${randomUUID()}` })).body);
  });

  it('is not found by another organisation before it is registered either', async () => {
    const { documentId } = rig.accepted(await rig.submit(await rig.make()));
    expect((await rig.call({ path: `/v1/documents/${documentId}` })).status).toBe(200);
    expect((await rig.call({ path: `/v1/documents/${documentId}`, odsCode: 'RX2' })).status).toBe(404);
  });

  it('of the same encounter is another one for another organisation', async () => {
    const made = await rig.make();
    const mine = rig.accepted(await rig.submit(made));
    const theirs = rig.accepted(await rig.submit(made, { odsCode: 'RX2' }));
    expect(theirs.documentId).not.toBe(mine.documentId);
  });
});
