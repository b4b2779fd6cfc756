import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { handOver } from '../../local/run/hand-over.ts';
import { makeDrop, manifestPatient, TEST_PATIENTS, type TestPatient } from '../../local/samples/variants.ts';
import type { CommandOptions } from '../../shared/operate/command.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { targetOf } from '../../shared/operate/target.ts';
import { apiScopes } from '../../shared/platform/api-routes.ts';
import { documentIdOf, type OdsCode } from '../../shared/platform/ids.ts';
import { type Caller, callerWith, type Reply, tokenFor } from '../support/api-caller.ts';
import { eventually, type SystemUnderTest, startForTest } from '../support/local-system.ts';

/** The API over HTTP, in the system as `npm start` runs it: real tokens, the gateway of the template, a practice that answers. */

let system: SystemUnderTest;
let caller: Caller;
let another: Caller;

const operate = async (words: readonly string[], options: CommandOptions = {}): Promise<void> => {
  const target = targetOf({ dir: system.dir });
  if (target.kind === 'problem') throw new Error(target.sentence);
  const readText = (path: string) => readFileSync(path, 'utf8');
  const { ok, lines } = await runCommand(words, { ...target, readText }, options);
  if (!ok) throw new Error(lines.join('\n'));
};
const put = (what: 'sender' | 'client', content: object): Promise<void> => {
  const file = join(system.dir, `${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(content));
  return operate([what, 'put', file], { by: 'a test' });
};

/** What the run's e-mail to the address says to send back. */
const confirmationOf = (address: string): string => {
  const { mailDir } = system.run;
  const mails = readdirSync(mailDir).filter((name) => name.includes(address));
  const asked = mails.map((name) => /send back this token: (\S+)/.exec(readFileSync(join(mailDir, name), 'utf8'))?.[1]);
  return asked.findLast((token) => token !== undefined) ?? '';
};

/** A client of the issuer's; of an organisation's too, where one is named. */
const client = async (clientId: string, odsCode?: string): Promise<string> => {
  const { tokenUrl } = system.run.issuer;
  system.issuer.register({ clientId, clientSecret: 'secret', scopes: Object.values(apiScopes) });
  if (odsCode !== undefined) await put('client', { clientId, odsCode });
  return tokenFor({ tokenUrl, clientId, clientSecret: 'secret' });
};

beforeAll(async () => {
  // At twenty times the machine's pace: twenty requests a second, forty at once.
  system = await startForTest({ settings: { api: { throttle: { rate: 1, burst: 40 } } } });
  caller = callerWith(system.run, await tokenFor(system.run.issuer));
  await put('sender', {
    odsCode: 'RX2',
    name: 'Southfield Walk-in Centre',
    mailboxId: 'RX1OT001',
    phone: '01632 960200',
    addresses: { notices: ['records@southfield.example'] },
  });
  const who = { by: 'a test', why: 'it takes part' };
  const address = 'records@southfield.example';
  await operate(['sender', 'address', 'confirm', 'RX2', address, confirmationOf(address)], who);
  await operate(['sender', 'activate', 'RX2'], who);
  another = callerWith(system.run, await client('another-client', 'RX2'));
});
afterAll(() => system?.stop());

const [patient] = TEST_PATIENTS;
const make = (text: string, overrides: Parameters<typeof makeDrop>[1] = {}) =>
  makeDrop({ text }, { encounterId: randomUUID(), patient: manifestPatient(patient as TestPatient), ...overrides });
const inline = ({ manifest, pdf }: { manifest: object; pdf: Buffer }) => ({
  manifest,
  pdf: { base64: pdf.toString('base64') },
});
const submit = (by: Caller, body: unknown) => by.call('/v1/documents', { method: 'POST', body });
const idOf = (reply: Reply): string => z.string().parse(reply.json().documentId);

const followed = async (path: string, by = caller) => {
  let last = '';
  return eventually(
    async () => {
      const reply = await by.call(path);
      last = reply.text;
      return reply.json().state === 'ACCEPTED' ? reply.json() : undefined;
    },
    60_000,
    () => `Not accepted: ${last}`,
  );
};

describe('a document submitted over HTTP', () => {
  it('with its PDF inside the request is taken, followed at its Location and ACCEPTED', async () => {
    const made = await make('Inline report');
    const reply = await submit(caller, inline(made));
    expect(reply.status, reply.text).toBe(202);
    const documentId = documentIdOf('RX1' as OdsCode, made.manifest.encounterId, 1);
    expect(reply.json()).toMatchObject({ documentId, state: 'RECEIVED' });
    const location = reply.headers.get('location') ?? '';
    expect(location).toBe(`${new URL(system.run.apiUrl).pathname}/v1/documents/${documentId}`);

    // From the first moment it is known to its submitter.
    const first = await caller.call(`/v1/documents/${documentId}`);
    expect(first.status).toBe(200);
    const document = await followed(location.replace(new URL(system.run.apiUrl).pathname, ''));
    expect(document).toMatchObject({
      documentId,
      encounterId: made.manifest.encounterId,
      version: 1,
      whoseMove: 'nobody',
      requests: [{ requestId: reply.headers.get('x-request-id') }],
    });
    expect(
      z
        .array(z.object({ what: z.string() }))
        .parse(document.history)
        .map(({ what }) => what),
    ).toEqual(expect.arrayContaining(['received', 'composed', 'sent', 'accepted']));
    const sha256 = createHash('sha256').update(made.pdf).digest('hex');
    expect((await system.received()).map((received) => received.sha256)).toContain(sha256);
  });

  it('with its PDF uploaded first is ACCEPTED, and the form takes that PDF only', async () => {
    const made = await make('Uploaded report');
    const sha256 = createHash('sha256').update(made.pdf).digest('hex');
    const reply = await caller.call('/v1/uploads', { method: 'POST', body: { size: made.pdf.length, sha256 } });
    expect(reply.status, reply.text).toBe(201);
    const { uploadId, url, fields } = z
      .object({ uploadId: z.uuid(), url: z.url(), fields: z.record(z.string(), z.string()) })
      .parse(reply.json());
    const post = (bytes: Buffer, changed: Record<string, string> = {}) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ ...fields, ...changed })) form.append(name, value);
      form.append('file', new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }), 'report.pdf');
      return fetch(url, { method: 'POST', body: form });
    };
    const submission = { manifest: made.manifest, upload: { uploadId } };
    const other = Buffer.from(made.pdf);
    other[other.length - 2] = 0x20;
    for (const refused of [
      await post(other),
      await post(made.pdf.subarray(1)),
      await post(made.pdf, { 'Content-Type': 'text/html' }),
      await post(made.pdf, { key: `uploads/RX2/${uploadId}.pdf` }),
    ]) {
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.status).toBeLessThan(500);
    }
    expect((await submit(caller, submission)).codes()).toEqual(['UPLOAD_NOT_FOUND']);

    expect((await post(made.pdf)).status).toBe(201);
    expect((await submit(another, submission)).codes()).toEqual(['UPLOAD_NOT_FOUND']);
    const taken = await submit(caller, submission);
    expect(taken.status, taken.text).toBe(202);
    await followed(`/v1/documents/${idOf(taken)}`);
  });

  it('twice, or dropped in S3 as well, is one document; other content is refused with what differs', async () => {
    const made = await make('Report that comes three ways');
    const first = await submit(caller, inline(made));
    const again = await submit(caller, inline(made));
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(idOf(again)).toBe(idOf(first));
    await handOver(system.s3, system.run.inboxBucket, 'RX1', 'three-ways', made.pdf, made.manifest);
    await followed(`/v1/documents/${idOf(first)}`);
    await eventually(
      async () => ((await system.receipt('three-ways'))?.state === 'ACCEPTED' ? true : undefined),
      30_000,
      () => 'The drop has no receipt of the document.',
    );
    expect((await system.record(idOf(first)))?.compositions).toHaveLength(1);

    const changed = { ...made.manifest, practitioner: { ...made.manifest.practitioner, family: 'Adeyemi-Cole' } };
    const refused = await submit(caller, inline({ manifest: changed, pdf: made.pdf }));
    expect(refused.status).toBe(409);
    expect(refused.codes()).toEqual(['CONTENT_DIFFERS']);
    expect(refused.paths()).toEqual(['manifest.practitioner.family']);
  });

  it('is listed by state and time, page by page', async () => {
    const made = await Promise.all([make('Listed one'), make('Listed two')]);
    const ids: string[] = [];
    for (const each of made) ids.push(idOf(await submit(caller, inline(each))));
    for (const id of ids) await followed(`/v1/documents/${id}`);
    const page = z.object({
      documents: z.array(z.object({ documentId: z.string(), state: z.string(), updatedAt: z.string() })),
      cursor: z.string().optional(),
    });
    const pages = async () => {
      const seen: z.output<typeof page>['documents'] = [];
      let cursor: string | undefined;
      do {
        const query = new URLSearchParams({
          state: 'ACCEPTED',
          limit: '1',
          ...(cursor === undefined ? {} : { cursor }),
        });
        const reply = page.parse((await caller.call(`/v1/documents?${query}`)).json());
        expect(reply.documents.length).toBeLessThanOrEqual(1);
        seen.push(...reply.documents);
        cursor = reply.cursor;
      } while (cursor !== undefined && seen.length < 50);
      return seen;
    };
    // What changes while somebody turns the pages goes to the first one: it is there the next time.
    const seen = await eventually(
      async () => {
        const found = await pages();
        return ids.every((id) => found.some(({ documentId }) => documentId === id)) ? found : undefined;
      },
      30_000,
      () => 'both documents never stood on the list',
    );
    expect(new Set(seen.map(({ documentId }) => documentId)).size).toBe(seen.length);
    expect([...seen].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt))).toEqual(seen);
    const foreign = page.parse((await another.call('/v1/documents?state=ACCEPTED')).json());
    expect(foreign.documents.filter(({ documentId }) => ids.includes(documentId))).toEqual([]);
  });
});

describe('two organisations', () => {
  it('do not see each other: another’s document is one that is not there', async () => {
    const made = await make('Of one organisation only');
    const id = idOf(await submit(caller, inline(made)));
    const theirs = await another.call(`/v1/documents/${id}`);
    const nobodys = await another.call(`/v1/documents/${randomUUID()}`);
    expect([theirs.status, nobodys.status]).toEqual([404, 404]);
    expect(theirs.text).toBe(nobodys.text);
    // The same encounter of another organisation is another document, whatever the body says of it.
    const own = await submit(another, inline(made));
    expect(own.status, own.text).toBe(202);
    expect(idOf(own)).toBe(documentIdOf('RX2' as OdsCode, made.manifest.encounterId, 1));
    expect((await caller.call(`/v1/documents/${idOf(own)}`)).status).toBe(404);
    expect((await another.call(`/v1/documents/${idOf(own)}`)).status).toBe(200);
  });
});

describe('a token', () => {
  const at = (offsetSeconds: number) => Math.floor(Date.now() / 1000) + offsetSeconds;
  const far = 400 * 86_400;
  const named = { sub: 'sample-client', client_id: 'sample-client', scope: Object.values(apiScopes).join(' ') };
  const unsigned = (header: object, claims: object) =>
    `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
  const sound = () => ({ ...named, iss: system.issuer.issuer, aud: 'send-document', iat: at(0), exp: at(far) });

  it('of the issuer’s, for this API, not over and of a registered client, lets its bearer in', async () => {
    const token = await system.issuer.sign(named);
    expect((await callerWith(system.run, token).call('/v1/documents')).status).toBe(200);
  });

  it.each<[string, () => Promise<string | undefined> | string]>([
    ['that is missing', async () => undefined],
    ['that is none', () => 'abc'],
    ['that is over', () => system.issuer.sign({ ...named, iat: at(-far), exp: at(-far + 60) })],
    ['that never ends', () => system.issuer.sign({ ...named, exp: undefined })],
    ['that does not hold yet', () => system.issuer.sign({ ...named, nbf: at(far) })],
    ['for somebody else', () => system.issuer.sign({ ...named, aud: 'elsewhere' })],
    ['of another issuer', () => system.issuer.sign({ ...named, iss: 'https://issuer.example.org' })],
    ['that names no client', () => system.issuer.sign({ scope: named.scope })],
    ['without a signature', () => unsigned({ alg: 'none', typ: 'JWT' }, sound())],
    ['with its signature cut off', async () => (await system.issuer.sign(named)).replace(/[^.]+$/, '')],
    [
      'of another key',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT(sound()).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
      },
    ],
  ])('%s does not: 401', async (_, token) => {
    const reply = await callerWith(system.run, await token()).call('/v1/documents');
    expect(reply.status).toBe(401);
    expect(reply.codes()).toEqual(['UNAUTHORIZED']);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    // What the gateway says by itself has the gateway's name, and nothing that a caller wrote.
    expect(reply.headers.get('x-request-id')).toBe(reply.headers.get('x-amzn-requestid'));
  });

  it('of a client that is registered for no organisation: 403, each time, under the name that the request had', async () => {
    const stranger = callerWith(system.run, await client('stranger'));
    // The second time the gateway remembers what the authoriser said.
    for (let time = 0; time < 2; time++) {
      const reply = await stranger.call('/v1/documents');
      expect(reply.status).toBe(403);
      expect(reply.codes()).toEqual(['CLIENT_NOT_REGISTERED']);
      const requestId = reply.headers.get('x-request-id') ?? '';
      await eventually(
        async () =>
          system
            .logs()
            .split('\n')
            .find((line) => line.includes(requestId) && line.includes('stranger')),
        20_000,
        () => 'No log line names the refused request and its client.',
      );
    }
  });

  it('without the scope of the route: 403', async () => {
    const reader = callerWith(system.run, await tokenFor(system.run.issuer, apiScopes.read));
    expect((await reader.call('/v1/documents')).status).toBe(200);
    const reply = await submit(reader, inline(await make('Not to be sent')));
    expect(reply.status).toBe(403);
    expect(reply.codes()).toEqual(['SCOPE_MISSING']);
  });
});

describe('health', () => {
  it('is told to anybody, and nothing else of us', async () => {
    const nobody = callerWith(system.run, undefined);
    expect((await nobody.call('/v1/_ping')).json()).toEqual({ status: 'up' });
    expect((await nobody.call('/v1/_status')).json()).toEqual({ status: 'up', records: 'up', storage: 'up' });
  });
});

describe('an error', () => {
  it.each<[string, number, string, string, Parameters<Caller['call']>[1]]>([
    ['an address that is not there', 404, 'ROUTE_NOT_FOUND', '/v1/letters', {}],
    ['a method that the address has not', 405, 'METHOD_NOT_ALLOWED', '/v1/documents', { method: 'DELETE' }],
    ['an id that is none', 404, 'DOCUMENT_NOT_FOUND', '/v1/documents/7', {}],
    ['no request id', 400, 'REQUEST_ID_MISSING', '/v1/documents', { headers: { 'X-Request-ID': undefined } }],
    ['a request id that is none', 400, 'REQUEST_ID_NOT_UUID', '/v1/documents', { headers: { 'X-Request-ID': '7' } }],
    ['an answer in no form of ours', 406, 'NOT_ACCEPTABLE', '/v1/documents', { headers: { Accept: 'text/html' } }],
    [
      'a body in no form of ours',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      '/v1/documents',
      { method: 'POST', body: '<a/>', headers: { 'Content-Type': 'text/xml' } },
    ],
    ['a body that is no JSON', 400, 'BODY_NOT_JSON', '/v1/documents', { method: 'POST', body: '{' }],
    ['a query that is not known', 400, 'QUERY_NOT_ALLOWED', '/v1/documents?patient=9000000009', {}],
    [
      'a body over ten mebibytes',
      413,
      'BODY_TOO_LARGE',
      '/v1/documents',
      { method: 'POST', body: ' '.repeat(10 * 2 ** 20 + 1) },
    ],
  ])('says what it is: %s is %i %s', async (_, status, code, path, call) => {
    const reply = await caller.call(path, call);
    expect(reply.status, reply.text).toBe(status);
    expect(reply.codes()).toEqual([code]);
    expect(reply.headers.get('content-type')).toContain('application/fhir+json');
  });

  it('of a PDF that is too large for a request sends its caller to uploads', async () => {
    const { manifest } = await make('Small');
    const reply = await submit(caller, inline({ manifest, pdf: Buffer.alloc(3 * 2 ** 20 + 1) }));
    expect(reply.status).toBe(413);
    expect(reply.codes()).toContain('INLINE_PDF_TOO_LARGE');
  });

  it('of a submission names all that is wrong at once, with its paths and none of its values', async () => {
    const { manifest, pdf } = await make('Wrong in many ways');
    const wrong = {
      ...manifest,
      patient: { ...manifest.patient, nhsNumber: '9691375088', family: '' },
      version: 0,
      colour: 'blue',
    };
    const reply = await submit(caller, { ...inline({ manifest: wrong, pdf }), extra: true });
    expect(reply.status).toBe(422);
    expect(reply.paths()).toEqual(
      expect.arrayContaining([
        'extra',
        'manifest.patient.nhsNumber',
        'manifest.patient.family',
        'manifest.version',
        'manifest.colour',
      ]),
    );
    expect(reply.text).not.toContain('9691375088');
    expect(reply.text).not.toContain('blue');
  });

  it('of too many requests at once is 429 with when to come again, and nothing is done', async () => {
    const nobody = callerWith(system.run, undefined);
    const replies = await Promise.all(Array.from({ length: 300 }, () => nobody.call('/v1/documents')));
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(replies.filter(({ status }) => status !== 429 && status !== 401)).toEqual([]);
    expect(refused[0]?.codes()).toEqual(['TOO_MANY_REQUESTS']);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
  });
});

describe('after all of it', () => {
  it('no log holds a patient, a token or a caller’s address line', () => {
    const logs = system.logs();
    const token = /eyJ[\w-]{20,}\.eyJ[\w-]{20,}/;
    expect(token.test(logs)).toBe(false);
    const ours = logs.split('\n').filter((line) => !line.includes('gp-practice'));
    for (const secret of [patient.nhsNumber, patient.family, '9691375088', '9000000009', 'patient=']) {
      expect(ours.filter((line) => line.includes(secret))).toEqual([]);
    }
  });

  it('each request stands in the access log, and each that the function answered in its log with the same status', () => {
    const lines = (name: string) =>
      readFileSync(join(system.run.logDir, name), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const answered = lines('api-access.log').filter(({ gatewayAnswer }) => gatewayAnswer === '-');
    const logged = lines('send-document-local-api.log').filter(({ code }) => code === 'REQUEST_ANSWERED');
    const statuses = (of: readonly Record<string, unknown>[]) => of.map(({ status }) => Number(status)).sort();
    expect(statuses(answered).length).toBeGreaterThan(20);
    expect(statuses(answered)).toEqual(statuses(logged));
    expect(statuses(answered).filter((status) => status >= 500)).toEqual([]);
  });

  it('no function did anything that its role does not let it do', () => {
    expect(system.engine.outsideRole.calls).toEqual([]);
    expect(system.engine.warnings).toEqual([]);
  });
});
