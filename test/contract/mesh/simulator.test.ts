import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { meshAuthorization } from '../../../shared/mesh/token.ts';
import { envelope, part, practice, type Rig, routed, sender, sharedKey, startRig, stranger } from './rig.ts';

// The simulator held to the API as published, without our client between.

let rig: Rig;
let agent: Agent;
beforeAll(async () => {
  rig = await startRig();
  const { certificate: cert, privateKey: key } = rig.clientCertificate;
  agent = new Agent({ cert, key, ca: rig.pki.ca, keepAlive: true });
});
afterAll(async () => {
  agent.destroy();
  await rig.close();
});
beforeEach(() => rig.simulator.control.reset());

interface Raw {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  as?: { mailboxId: string; password: string };
  /** 1, 2, or a whole `Accept`. */
  accept?: 1 | 2 | string;
  authorization?: string;
}

const token = (as: { mailboxId: string; password: string } = sender, at = Date.now(), nonce: string = randomUUID()) =>
  meshAuthorization({ mailboxId: as.mailboxId, password: as.password, sharedKey, nonce, at });

const raw = async (path: string, { method = 'GET', headers, body, as, accept = 2, authorization }: Raw = {}) => {
  const asked = typeof accept === 'number' ? `application/vnd.mesh.v${accept}+json` : accept;
  const sent = request(`${rig.simulator.url}${path}`, {
    agent,
    method,
    headers: { Authorization: authorization ?? token(as), ...(asked ? { Accept: asked } : {}), ...headers },
  });
  sent.end(body);
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
  });
  const text = (await buffer(response)).toString();
  return { status: response.statusCode, headers: response.headers, text, json: text ? JSON.parse(text) : undefined };
};

const base = '/messageexchange';
const outbox = `${base}/${sender.mailboxId}/outbox`;
const sendHeaders = { 'Mex-To': practice.mailboxId, 'Mex-WorkflowID': 'W', 'Mex-LocalID': 'RX1' };
const sendRaw = (headers: Record<string, string> = {}, body = 'content', rest: Raw = {}) =>
  raw(outbox, { method: 'POST', headers: { ...sendHeaders, ...headers }, body, ...rest });

const clientHeaders = { 'mex-ClientVersion': '1', 'mex-OSName': 'x', 'mex-OSVersion': '1' };

describe('mutual TLS', () => {
  test('nobody gets in without a certificate', async () => {
    const bare = request(`${rig.simulator.url}${base}/_ping`, { ca: rig.pki.ca });
    await expect(
      new Promise((resolve, reject) => bare.on('response', resolve).on('error', reject).end()),
    ).rejects.toThrow();
    expect(rig.simulator.control.requests.ping).toBe(0);
  });
});

describe('tokens', () => {
  const handshake = (authorization: string) =>
    raw(`${base}/${sender.mailboxId}`, { method: 'POST', headers: clientHeaders, authorization });
  const message = (answer: { json: unknown }) => answer.json;

  test('a token is good once', async () => {
    const once = token();
    expect((await handshake(once)).status).toBe(200);
    const again = await handshake(once);
    expect(again.status).toBe(403);
    expect(message(again)).toMatchObject({
      detail: [{ event: '', code: '', msg: 'Error Duplicated Authentication Token' }],
    });
  });

  test('one nonce may be used again with a higher count', async () => {
    const nonce = randomUUID();
    const counted = (nonceCount: number) =>
      meshAuthorization({ ...sender, sharedKey, nonce, nonceCount, at: Date.now() });
    expect((await handshake(counted(0))).status).toBe(200);
    expect((await handshake(counted(1))).status).toBe(200);
    expect((await handshake(counted(1))).status).toBe(403);
  });

  test.each([
    ['two hours early', -7_320_000, 403],
    ['an hour early', -3_600_000, 200],
    ['an hour late', 3_600_000, 200],
    ['two hours late', 7_320_000, 403],
  ])('a token that is %s', async (_, by, status) => {
    expect((await handshake(token(sender, Date.now() + by))).status).toBe(status);
  });

  test.each([
    ['no header', '', 'Error reading from Authorization header'],
    ['another scheme', 'Basic abc', 'Error reading from Authorization header'],
    ['a colon for the space', token().replace(' ', ':'), 'Error reading from Authorization header'],
    ['another mailbox', token(practice), 'Mailbox id does not match token'],
    ['a wrong password', token({ ...sender, password: 'wrong' }), 'Invalid Authentication Token'],
    ['lower case', token({ ...sender, mailboxId: 'rx1ot001' }), 'Mailbox id does not match token'],
  ])('%s is refused', async (_, authorization, msg) => {
    const answer = await handshake(authorization);
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ detail: [{ msg }] });
  });

  test('v1 says it in its own words', async () => {
    const answer = await raw(`${base}/${sender.mailboxId}/inbox`, { authorization: 'x', accept: 1 });
    expect(answer.json).toEqual({
      messageID: '',
      errorEvent: '',
      errorCode: '',
      errorDescription: 'Error reading from Authorization header',
    });
  });
});

describe('versions', () => {
  test('v1 is what one gets without asking', async () => {
    for (const accept of ['', 'application/json', '*/*', 1] as const) {
      const answer = await sendRaw({}, 'x', { accept });
      expect(answer.json).toEqual({ messageID: expect.stringMatching(/^\d{20}_[0-9A-F]{6}$/) });
    }
  });

  test('v2 answers in its own names', async () => {
    expect((await sendRaw()).json).toEqual({ message_id: expect.any(String) });
    const bad = await sendRaw({ 'Mex-To': 'NOBODY' });
    expect(bad.status).toBe(417);
    expect(bad.json).toMatchObject({
      internal_id: expect.any(String),
      detail: [{ event: 'SEND', code: '12', msg: 'Unregistered to address' }],
    });
    expect((await sendRaw({ 'Mex-To': 'NOBODY' }, 'x', { accept: 1 })).json).toMatchObject({
      errorEvent: 'SEND',
      errorCode: '12',
    });
  });

  test('a malformed media type is refused, a later version taken as v2', async () => {
    expect((await raw(`${base}/_ping`, { accept: 'application/vnd.mesh.vX+json' })).status).toBe(400);
    expect((await sendRaw({}, 'x', { accept: 'application/vnd.mesh.v3+json' })).json).toHaveProperty('message_id');
  });

  test('handshake, list, count and acknowledge differ', async () => {
    const mailbox = `${base}/${practice.mailboxId}`;
    await sendRaw();
    const ask = async (accept: 1 | 2, path: string, rest: Raw = {}) =>
      (await raw(`${mailbox}${path}`, { as: practice, accept, ...rest })).json;
    const hands = { method: 'POST', headers: clientHeaders };
    expect(await ask(1, '', hands)).toEqual({ mailboxId: practice.mailboxId });
    expect(await ask(2, '', hands)).toBeUndefined();
    expect(await ask(1, '/count')).toMatchObject({ count: 1, allResultsIncluded: true });
    expect(await ask(2, '/count')).toEqual({ count: 1 });
    const listed = await ask(1, '/inbox');
    expect(Object.keys(listed)).toEqual(['messages']);
    const [id] = listed.messages;
    expect(await ask(2, '/inbox')).toMatchObject({
      messages: [id],
      links: { self: expect.any(String) },
      approx_inbox_count: 1,
    });
    const acknowledged = `/inbox/${id}/status/acknowledged`;
    expect(await ask(1, acknowledged, { method: 'PUT' })).toEqual({ messageId: id });
    expect(await ask(2, acknowledged, { method: 'PUT' })).toBeUndefined();
  });
});

describe('handshake', () => {
  test('needs to know the client, and takes GET as well', async () => {
    const path = `${base}/${sender.mailboxId}`;
    const bare = await raw(path, { method: 'POST', headers: { 'mex-ClientVersion': '1' } });
    expect(bare.status).toBe(400);
    expect(bare.json.detail.map((entry: { loc: string[] }) => entry.loc[1])).toEqual(['mex-osname', 'mex-osversion']);
    expect((await raw(path, { headers: clientHeaders })).status).toBe(200);
  });
});

describe('list', () => {
  const inbox = `${base}/${sender.mailboxId}/inbox`;
  test.each([
    'max_results=9',
    'max_results=5001',
    'max_results=ten',
    'continue_from=abcdefghijklmnopqrstuvwxyz',
    'workflow_filter=x',
  ])('%s is refused', async (query) => {
    expect((await raw(`${inbox}?${query}`)).status).toBe(400);
  });

  test('v1 continues from a message’s id', async () => {
    const ids = Array.from({ length: 12 }, () =>
      rig.simulator.control.deliver(sender.mailboxId, { from: 'X', workflowId: 'W', content: Buffer.from('x') }),
    );
    const { json } = await raw(`${inbox}?max_results=10&continue_from=${ids[9]}`, { accept: 1 });
    expect(json.messages).toEqual(ids.slice(10));
  });

  test('a token for another mailbox is no token', async () => {
    for (let i = 0; i < 11; i++) await sendRaw({ 'Mex-To': practice.mailboxId });
    const first = await raw(`${base}/${practice.mailboxId}/inbox?max_results=10`, { as: practice });
    const next = new URL(first.json.links.next, 'https://x').searchParams.get('continue_from') ?? '';
    expect(next.length).toBeGreaterThanOrEqual(24);
    expect((await raw(`${inbox}?continue_from=${next}`)).status).toBe(400);
  });
});

describe('send', () => {
  test.each<[string, Record<string, string>, string, number, string | undefined]>([
    ['a blank recipient', { 'Mex-To': ' ' }, 'x', 400, '08'],
    ['a tab in the subject', { 'Mex-Subject': 'a\tb' }, 'x', 400, '06'],
    ['an address of the web', { 'Mex-WorkflowID': 'https://x' }, 'x', 400, '06'],
    ['a checksum in base64', { 'Mex-Content-Checksum': 'a+b=' }, 'x', 400, 'Invalid checksum'],
    ['an encoding other than gzip', { 'Content-Encoding': 'deflate' }, 'x', 422, 'UnsupportedContentEncoding'],
    ['another sender', { 'Mex-From': 'SOMEBODY' }, 'x', 417, '07'],
    ['another type', { 'Mex-MessageType': 'REPORT' }, 'x', 417, '11'],
    ['no content', {}, '', 417, '02'],
    ['a range that is none', { 'Mex-Chunk-Range': 'one' }, 'x', 417, 'InvalidHeaderChunks'],
    ['a range that begins late', { 'Mex-Chunk-Range': '2:3' }, 'x', 417, 'InvalidHeaderChunks'],
    ['an overlong subject', { 'Mex-Subject': 'x'.repeat(501) }, 'x', 400, undefined],
  ])('%s is refused', async (_, headers, body, status, code) => {
    const answer = await sendRaw(headers, body);
    expect(answer.status).toBe(status);
    expect(answer.json.detail[0].code).toBe(code);
    expect(rig.simulator.control.sent()).toEqual([]);
  });

  test('recipient and workflow must be there', async () => {
    const answer = await raw(outbox, { method: 'POST', body: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.json.detail).toHaveLength(2);
  });

  test('twice the same is two messages, which tracking by local id shows', async () => {
    const byLocalId = () => raw(`${outbox}/tracking/RX1`, { accept: 1 });
    expect((await byLocalId()).status).toBe(404);
    const { json } = await sendRaw();
    expect((await byLocalId()).json).toMatchObject({ messageId: json.message_id, status: 'Accepted', chunkCount: 1 });
    await sendRaw();
    expect((await byLocalId()).status).toBe(300);
    expect(rig.simulator.control.sent()).toHaveLength(2);
  });

  test('another mailbox’s message cannot be tracked', async () => {
    const { json } = await sendRaw();
    const path = `${base}/${practice.mailboxId}/outbox/tracking?messageID=${json.message_id}`;
    expect((await raw(path, { as: practice })).status).toBe(404);
  });
});

describe('parts', () => {
  const begin = async (total: number, headers: Record<string, string> = {}) =>
    (await sendRaw({ 'Mex-Chunk-Range': `1:${total}`, ...headers }, 'a')).json.message_id as string;
  const chunk = (id: string, k: number, range: string, headers: Record<string, string> = {}, as = sender) =>
    raw(`${base}/${as.mailboxId}/outbox/${id}/${k}`, {
      method: 'POST',
      headers: { ...(range ? { 'Mex-Chunk-Range': range } : {}), ...headers },
      body: 'b',
      as,
    });

  test('the answer to a part is null', async () => {
    const id = await begin(2);
    const answer = await chunk(id, 2, '2:2');
    expect(answer.status).toBe(202);
    expect(answer.text).toBe('null');
    expect((await chunk(id, 2, '2:2')).status).toBe(423);
  });

  test.each<[string, number, string, Record<string, string>, number]>([
    ['without a range', 2, '', {}, 417],
    ['with another part’s range', 2, '3:3', {}, 417],
    ['of another total', 2, '2:4', {}, 417],
    ['before its turn', 3, '3:3', {}, 417],
    ['past the last', 4, '4:3', {}, 406],
    ['in another encoding', 2, '2:3', { 'Content-Encoding': 'gzip' }, 417],
  ])('a part %s is refused', async (_, k, range, headers, status) => {
    expect((await chunk(await begin(3), k, range, headers)).status).toBe(status);
  });

  test('a part of an unknown or foreign message is refused', async () => {
    expect((await chunk('20200529155357895317_3573F8', 2, '2:2')).status).toBe(404);
    expect((await chunk(await begin(2), 2, '2:2', {}, practice)).status).toBe(404);
  });

  test('a middle part may come twice, and an unfinished message is nowhere', async () => {
    const id = await begin(3);
    expect((await chunk(id, 2, '2:3')).status).toBe(202);
    expect((await chunk(id, 2, '2:3')).status).toBe(202);
    expect(rig.simulator.control.sent()).toEqual([]);
    expect(rig.simulator.control.inbox(practice.mailboxId)).toEqual([]);
    expect((await chunk(id, 3, '3:3')).status).toBe(202);
    expect(rig.simulator.control.sent()[0]?.body.toString()).toBe('abb');
  });

  test('are downloaded one by one: 206 until the last', async () => {
    const id = await begin(2);
    await chunk(id, 2, '2:2');
    const get = (path: string) => {
      const sent = request(`${rig.simulator.url}${base}/${practice.mailboxId}/inbox/${id}${path}`, {
        agent,
        headers: { Authorization: token(practice) },
      });
      return new Promise<[number | undefined, unknown, string]>((resolve, reject) => {
        sent.on('error', reject).on('response', async (response) => {
          const text = (await buffer(response)).toString();
          resolve([response.statusCode, response.headers['mex-chunk-range'], text]);
        });
        sent.end();
      });
    };
    expect(await get('')).toEqual([206, '1:2', 'a']);
    expect(await get('/1')).toEqual([206, '1:2', 'a']);
    expect(await get('/2')).toEqual([200, '2:2', 'b']);
    expect((await get('/3'))[0]).toBe(404);
  });
});

describe('download', () => {
  test('another mailbox’s message is forbidden', async () => {
    const { json } = await sendRaw();
    expect((await raw(`${base}/${sender.mailboxId}/inbox/${json.message_id}`)).status).toBe(403);
  });

  test('a message routed by its patient shows the mailbox, not the patient', async () => {
    const { json } = await sendRaw({ 'Mex-To': routed, 'Mex-WorkflowID': envelope.workflowId });
    const path = `${base}/${practice.mailboxId}/inbox/${json.message_id}`;
    const { headers } = await raw(path, { method: 'HEAD', as: practice });
    expect(headers).toMatchObject({
      'mex-to': practice.mailboxId,
      'mex-from': sender.mailboxId,
      'mex-statuscode': '00',
      'mex-statussuccess': 'SUCCESS',
      'mex-filename': `${json.message_id}.dat`,
      'mex-statustimestamp': expect.stringMatching(/^\d{14}$/),
      'content-length': '7',
    });
  });
});

describe('look-up', () => {
  test('finds the mailboxes of an organisation that take a workflow', async () => {
    const find = async (odsCode: string, workflow: string, accept: 1 | 2) =>
      (await raw(`${base}/endpointlookup/${odsCode}/${workflow}`, { accept, authorization: 'none' })).json;
    expect(await find('GP0001', 'ANY', 2)).toEqual({
      results: [{ mailbox_id: practice.mailboxId, mailbox_name: practice.name }],
    });
    expect(await find(stranger.odsCode, 'ANY', 2)).toEqual({ results: [] });
    expect((await find(stranger.odsCode, 'SOMETHING_ELSE', 1)).results).toEqual([
      { address: stranger.mailboxId, description: stranger.name, endpoint_type: 'MESH' },
    ]);
  });
});

describe('administration from another process', () => {
  const admin = (path: string, value?: unknown, method = value === undefined ? 'GET' : 'POST') =>
    raw(`${base}/admin/${path}`, {
      method,
      authorization: 'none',
      ...(value === undefined ? {} : { body: typeof value === 'string' ? value : JSON.stringify(value) }),
    });

  test('messages are listed with their digest and nothing of the patient', async () => {
    await rig.client().send({ ...envelope, to: routed, subject: 'Marker' }, [part(Buffer.from('x'))]);
    const { json, text } = await admin('messages?workflow=GPFED_CONSULT_REPORT');
    expect(json.messages).toMatchObject([
      {
        recipient: practice.mailboxId,
        status: 'accepted',
        file_size: 1,
        sha256: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
      },
    ]);
    expect((await admin('requests')).json.send).toBe(1);
    expect(text).not.toMatch(/Marker|9691375087/);
    expect((await admin('messages?workflow=OTHER')).json.messages).toEqual([]);
    expect((await admin(`messages?recipient=${sender.mailboxId}`)).json.messages).toEqual([]);
    expect((await admin(`message/${json.messages[0].message_id}`)).json).toMatchObject({ total_chunks: 1 });
  });

  test('faults are set and taken away, and nonsense is refused', async () => {
    expect((await admin('fault', { operation: 'send', fault: 'status', status: 503, times: 2 })).status).toBe(204);
    expect((await rig.client().send(envelope, [part(Buffer.from('x'))])).kind).toBe('unknown');
    expect((await admin('fault', undefined, 'DELETE')).status).toBe(204);
    expect((await rig.client().send(envelope, [part(Buffer.from('x'))])).kind).toBe('sent');
    expect((await admin('fault', { operation: 'send', fault: 'explode' })).status).toBe(400);
    expect((await admin('fault', '{')).status).toBe(400);
    expect((await admin('other')).status).toBe(404);
    expect((await admin('fault', 'x'.repeat(70_000))).status).toBe(413);
  });

  test('settings are changed while it runs, and a reset brings the old ones back', async () => {
    expect((await admin('settings', { max_body_bytes: 3 })).json).toMatchObject({ max_body_bytes: 3, latency_ms: 0 });
    expect((await sendRaw({}, 'four')).status).toBe(413);
    expect((await admin('settings', { max_body_bytes: 'many' })).status).toBe(400);
    expect((await admin('settings', { no_such_setting: 1 })).status).toBe(400);
    expect((await admin('reset', undefined, 'DELETE')).status).toBe(200);
    expect((await sendRaw({}, 'four')).status).toBe(202);
  });

  test('one inbox is emptied without the others', async () => {
    await sendRaw();
    rig.simulator.control.deliver(sender.mailboxId, { from: 'X', workflowId: 'W', content: Buffer.from('x') });
    expect((await admin(`reset/${practice.mailboxId}`, undefined, 'DELETE')).status).toBe(200);
    expect(rig.simulator.control.inbox(practice.mailboxId)).toEqual([]);
    expect(rig.simulator.control.inbox(sender.mailboxId)).toHaveLength(1);
    expect((await admin('reset/NOBODY', undefined, 'DELETE')).status).toBe(404);
  });

  test('a mailbox is shown without its password, deactivated, and given another password', async () => {
    const shown = await admin(`mailbox/${sender.mailboxId}`);
    expect(shown.json).toMatchObject({ mailbox_id: sender.mailboxId, ods_code: 'RX1', active: true });
    expect(shown.text).not.toContain(sender.password);
    expect((await admin(`mailbox/${sender.mailboxId}`, { active: false })).status).toBe(204);
    const refused = await raw(`${base}/${sender.mailboxId}/inbox`);
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({ detail: [{ msg: 'Request Received from Inactive Mailbox' }] });
    expect((await admin(`mailbox/${sender.mailboxId}`, { active: true, password: 'new' })).status).toBe(204);
    expect((await raw(`${base}/${sender.mailboxId}/inbox`)).status).toBe(403);
    expect((await raw(`${base}/${sender.mailboxId}/inbox`, { as: { ...sender, password: 'new' } })).status).toBe(200);
    expect((await admin('mailbox/NOBODY', { active: false })).status).toBe(404);
    expect((await admin('mailbox/NOBODY')).status).toBe(404);
  });

  test('a clock that does not leap is left alone', async () => {
    expect((await admin('clock')).json).toEqual({ now: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect((await admin('clock', { advance_ms: 1 })).status).toBe(409);
  });

  test('a message’s state is set by hand, but not before it is complete', async () => {
    const { json } = await sendRaw();
    const event = (id: string, status: string) => admin(`message/${id}/event`, { status, description: 'By hand' });
    expect((await event(json.message_id, 'error')).status).toBe(200);
    expect((await raw(`${outbox}/tracking?messageID=${json.message_id}`)).json).toMatchObject({
      status: 'undeliverable',
      status_success: false,
      status_description: 'By hand',
    });
    expect((await event(json.message_id, 'accepted')).status).toBe(200);
    expect(rig.simulator.control.inbox(practice.mailboxId)).toHaveLength(1);
    const begun = await sendRaw({ 'Mex-Chunk-Range': '1:2' });
    expect((await event(begun.json.message_id, 'accepted')).status).toBe(409);
    expect((await event('20200529155357895317_3573F8', 'accepted')).status).toBe(404);
    expect((await admin('message/20200529155357895317_3573F8')).status).toBe(404);
  });

  test('a fault for one mailbox spares the others', async () => {
    const fault = 'status' as const;
    rig.simulator.control.failNext({ operation: 'any', mailboxId: practice.mailboxId, fault, status: 400 });
    expect((await rig.client().handshake()).kind).toBe('ok');
    expect((await rig.practice.handshake()).kind).toBe('refused');
  });
});

test('a path that is not well encoded is answered', async () => {
  expect((await raw(`${base}/admin/message/%zz`)).status).toBe(404);
  expect((await raw(`${base}/${sender.mailboxId}/inbox/%zz`)).status).toBe(404);
});

test('an unknown path is not found', async () => {
  expect((await raw('/messageexchange/A/B/C/D/E')).status).toBe(404);
  expect((await raw('/elsewhere')).status).toBe(404);
});
