import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { MeshClient } from '../../../shared/mesh/client.ts';
import { type Rig, sender, startRig } from './rig.ts';

let rig: Rig;
let client: MeshClient;
beforeAll(async () => {
  rig = await startRig();
  client = rig.client();
});
afterAll(() => rig.close());
beforeEach(() => rig.simulator.control.reset());

const fill = (count: number, workflowId = 'GPFED_CONSULT_REPORT_ACK') =>
  Array.from({ length: count }, (_, i) =>
    rig.simulator.control.deliver(sender.mailboxId, { from: 'GP0001OT', workflowId, content: Buffer.from(`${i}`) }),
  );

const allOf = async (ids: AsyncGenerator<string, void, undefined>) => {
  const all: string[] = [];
  for await (const id of ids) all.push(id);
  return all;
};

test.each([
  [0, 1],
  [1, 1],
  [499, 1],
  [500, 1],
  [501, 2],
  [1000, 2],
])('an inbox of %i is read in %i pages of 500', async (count, pages) => {
  const ids = fill(count);
  expect(await allOf(client.allInboxIds())).toEqual(ids);
  expect(rig.simulator.control.requests.list).toBe(pages);
});

test('pages of ten', async () => {
  const ids = fill(31);
  const sizes: number[] = [];
  for await (const page of client.inboxPages({ maxResults: 10 })) {
    if (page.kind === 'ok') sizes.push(page.value.messageIds.length);
  }
  expect(sizes).toEqual([10, 10, 10, 1]);
  expect(await allOf(client.allInboxIds({ maxResults: 10 }))).toEqual(ids);
});

test('a page size that MESH does not allow is refused', async () => {
  expect(await client.listInbox({ maxResults: 5 })).toMatchObject({ kind: 'refused', status: 400 });
});

test('an empty page with a next one is not the end', async () => {
  fill(25, 'OTHER');
  const ids = fill(2, 'WANTED_ACK');
  const first = await client.listInbox({ maxResults: 10, workflowFilter: '*_ACK' });
  expect(first).toMatchObject({
    kind: 'ok',
    value: { messageIds: [], next: expect.stringMatching(/^\/messageexchange\//) },
  });
  expect(await allOf(client.allInboxIds({ maxResults: 10, workflowFilter: '*_ACK' }))).toEqual(ids);
});

test.each([
  ['A_ACK', 1],
  ['!A_ACK', 2],
  ['A*', 2],
  ['!*_ACK*', 1],
])('the filter %s finds %i', async (workflowFilter, count) => {
  fill(1, 'A_ACK');
  fill(1, 'A_OTHER');
  fill(1, 'B_ACK2');
  expect(await allOf(client.allInboxIds({ workflowFilter }))).toHaveLength(count);
});

test('messages that arrive and leave while paging neither repeat nor hide others', async () => {
  const before = fill(15);
  const pages = client.inboxPages({ maxResults: 10 });
  const first = (await pages.next()).value;
  if (first?.kind !== 'ok') throw new Error('no page');
  for (const id of first.value.messageIds) await client.acknowledge(id);
  const after = fill(1);
  const rest: string[] = [];
  for await (const page of pages) if (page.kind === 'ok') rest.push(...page.value.messageIds);
  expect([...first.value.messageIds, ...rest]).toEqual([...before, ...after]);
});

test('a link that leads out of the inbox is not followed', async () => {
  for (const link of [
    'https://example.org/steal',
    '//example.org/messageexchange',
    '/messageexchange/OTHER/inbox',
    '\\\\x',
  ]) {
    expect(await client.listInbox({ link })).toMatchObject({ kind: 'transient' });
  }
  expect(rig.simulator.control.requests.list).toBe(0);
});

test('a link with a host leads to our own host', async () => {
  fill(1);
  const link = `https://example.org/messageexchange/${sender.mailboxId}/inbox?max_results=10`;
  expect(await client.listInbox({ link })).toMatchObject({ kind: 'ok', value: { messageIds: [expect.any(String)] } });
});

test('paging stops at a page that fails, and the ids alone throw there', async () => {
  fill(11);
  rig.simulator.control.failNext({ operation: 'list', fault: 'delay' });
  rig.simulator.control.failNext({ operation: 'list', fault: 'status', status: 429, retryAfter: 60, times: 9 });
  const kinds: string[] = [];
  for await (const page of client.inboxPages({ maxResults: 10 })) kinds.push(page.kind);
  expect(kinds).toEqual(['ok', 'transient']);
  await expect(allOf(client.allInboxIds({ maxResults: 10 }))).rejects.toMatchObject({
    name: 'MeshFault',
    outcome: { kind: 'transient', retryAfterMs: 60_000 },
  });
});
