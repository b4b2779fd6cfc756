import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { submissionKey } from '../../../shared/delivery/keys.ts';
import { minutes } from '../../../shared/platform/clock.ts';
import { documentIdOf, type OdsCode } from '../../../shared/platform/ids.ts';
import { CrashPlan } from '../../support/faults.ts';
import { type ApiRig, createApiRig, maxInlineBytes, requestId } from './support.ts';

let rig: ApiRig;
beforeAll(async () => {
  rig = await createApiRig();
});
afterAll(() => rig.close());

const follow = async (documentId: string) => (await rig.call({ path: `/v1/documents/${documentId}` })).body;
const compose = () => rig.takeEvents();

describe('a submission with its PDF inside', () => {
  it('is taken with 202, is known at once, and goes the way of every drop until it is ACCEPTED', async () => {
    const made = await rig.make();
    const response = await rig.submit(made, { headers: { 'X-Correlation-ID': 'visit-4711' } });
    expect(response.status).toBe(202);
    const { documentId, state, custody } = rig.accepted(response);
    expect(documentId).toBe(documentIdOf('RX1' as OdsCode, made.manifest.encounterId, 1));
    expect({ state, custody }).toMatchObject({ state: 'RECEIVED', custody: expect.stringContaining('answers for') });
    expect(response.headers).toMatchObject({
      Location: `/api/v1/documents/${documentId}`,
      'X-Correlation-ID': 'visit-4711',
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
    });
    expect(await follow(documentId)).toMatchObject({ state: 'RECEIVED', whoseMove: 'this system', revision: 0 });

    await compose();
    expect(await follow(documentId)).toMatchObject({ state: 'COMPOSED' });
    await rig.takeOutbox();
    expect(await follow(documentId)).toMatchObject({ state: 'SENT', whoseMove: 'the practice' });
    rig.answer('20013', '30001');
    await rig.poll();
    expect(await follow(documentId)).toMatchObject({
      state: 'ACCEPTED',
      whoseMove: 'nobody',
      meaning: expect.stringContaining('does not mean that anybody has read'),
      encounterId: made.manifest.encounterId,
      requests: [{ requestId: response.headers['X-Request-ID'], correlationId: 'visit-4711' }],
    });
  });

  it('has its request on the record, the drop and the log, and leaves nothing in the inbox', async () => {
    const made = await rig.make();
    const name = randomUUID();
    const response = await rig.submit(made, { headers: { 'X-Request-ID': name, 'X-Correlation-ID': 'c-1' } });
    const { documentId } = rig.accepted(response);
    const [key = ''] = (await rig.keys(rig.drops, 'inbox/')).filter((each) => each.endsWith('.json'));
    expect(key).toMatch(new RegExp(`^inbox/RX1/api-${documentId}-[0-9a-f]{8}\\.json$`));
    expect((await rig.drops.get(key))?.metadata).toEqual({
      'request-id': name,
      'correlation-id': 'c-1',
      'client-id': 'client-1',
    });
    await compose();
    expect((await rig.record(documentId))?.compositions[0]?.source.request).toEqual({
      requestId: name,
      correlationId: 'c-1',
      clientId: 'client-1',
    });
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
    const line = rig.lines.map((each) => JSON.parse(each)).find((each) => each.requestId === name);
    expect(line).toMatchObject({
      code: 'REQUEST_ANSWERED',
      correlationId: 'c-1',
      clientId: 'client-1',
      odsCode: 'RX1',
      route: 'POST /v1/documents',
      status: 202,
      documentId,
    });
  });

  it('need not name its PDF: they came together', async () => {
    const made = await rig.make({ pdf: undefined });
    const { documentId } = rig.accepted(await rig.submit(made));
    await compose();
    expect(await follow(documentId)).toMatchObject({ state: 'COMPOSED' });
  });

  it('is rejected later where only the lists of the stage know, with every problem told', async () => {
    const made = await rig.make({ patient: { nhsNumber: '9434765919' } });
    const { documentId } = rig.accepted(await rig.submit(made));
    await compose();
    expect(await follow(documentId)).toMatchObject({
      state: 'REJECTED',
      whoseMove: 'the sender',
      problems: [{ code: 'NHS_NUMBER_NOT_ALLOWED_HERE', path: 'patient.nhsNumber' }],
    });
  });

  it('may be the largest that is taken inside a request, and not one byte more', async () => {
    const made = await rig.make({}, 'Report', 90_000);
    expect(made.pdf.length).toBeLessThan(maxInlineBytes);
    expect((await rig.submit(made)).status).toBe(202);
    const large = await rig.make({}, 'Report', maxInlineBytes);
    const refused = await rig.submit(large);
    expect(refused.status).toBe(413);
    expect(rig.issues(refused)).toMatchObject([{ code: 'INLINE_PDF_TOO_LARGE', issue: 'too-long' }]);
    await compose();
  });
});

describe('the same content again', () => {
  it('is the same document: before it is registered, while it is under way and when it has ended', async () => {
    const made = await rig.make();
    const { documentId } = rig.accepted(await rig.submit(made));
    const again = async () => {
      const response = await rig.submit(made);
      expect(response.status).toBe(202);
      expect(response.headers.Location).toBe(`/api/v1/documents/${documentId}`);
      return rig.accepted(response);
    };
    expect(await again()).toMatchObject({ documentId, state: 'RECEIVED', custody: expect.stringContaining('before') });
    await compose();
    expect(await again()).toMatchObject({ documentId, state: 'COMPOSED' });
    await rig.takeOutbox();
    rig.answer('20013', '30001');
    await rig.poll();
    expect(await again()).toMatchObject({ documentId, state: 'ACCEPTED' });
    expect(rig.events).toEqual([]);
    const { compositions = [] } = (await rig.record(documentId)) ?? {};
    expect(compositions.map(({ attempts }) => attempts.length)).toEqual([1]);
  });

  it('is the same document when it was dropped in the bucket first', async () => {
    const made = await rig.make();
    await rig.drops.put('inbox/RX1/first.pdf', made.pdf);
    await rig.drops.put('inbox/RX1/first.json', made.json);
    await compose();
    const answer = rig.accepted(await rig.submit(made));
    expect(answer.state).toBe('COMPOSED');
    expect((await rig.record(answer.documentId))?.drops.map(({ name }) => name)).toEqual(['first']);
  });

  it('is tried again after a rejection, for what stood in its way may have gone', async () => {
    const made = await rig.make({ patient: { nhsNumber: '9434765919' } });
    const { documentId } = rig.accepted(await rig.submit(made));
    await compose();
    expect(rig.accepted(await rig.submit(made))).toMatchObject({ state: 'RECEIVED' });
    const { allowedNhsNumbers } = rig.context.rules;
    Object.assign(rig.context.rules, { allowedNhsNumbers: ['9434765919'] });
    await compose();
    Object.assign(rig.context.rules, { allowedNhsNumbers });
    expect(await follow(documentId)).toMatchObject({ state: 'COMPOSED' });
  });

  it('is one document wherever the first try broke off', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const made = await rig.make();
        const plan = new CrashPlan(at, when);
        rig.crashApiWith(plan);
        const first = await rig.submit(made);
        rig.crashApiWith(undefined);
        if (!plan.crashed) {
          expect(at).toBeGreaterThan(6);
          break;
        }
        expect(rig.issues(first)).toMatchObject([{ code: 'INTERNAL' }]);
        const { documentId } = rig.accepted(await rig.submit(made));
        await compose();
        expect(await follow(documentId)).toMatchObject({ state: 'COMPOSED' });
        expect((await rig.record(documentId))?.compositions).toHaveLength(1);
        expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
      }
      await compose();
    }
  });

  it('makes one drop when two requests come at once', async () => {
    const made = await rig.make();
    const both = await Promise.all([rig.submit(made), rig.submit(made)]);
    expect(both.map(({ status }) => status)).toEqual([202, 202]);
    expect(new Set((await rig.keys(rig.drops, 'inbox/')).map((key) => key.replace(/\..*/, ''))).size).toBe(1);
    await compose();
    const { documentId } = rig.accepted(both[0]);
    expect((await rig.record(documentId))?.compositions).toHaveLength(1);
    // A half that came twice is kept for an hour, in case it is the first of another drop.
    rig.clock.leap(minutes(62));
    await rig.watch();
    expect(await rig.keys(rig.drops, 'inbox/')).toEqual([]);
  });
});

describe('other content under the same encounter and version', () => {
  const changed = { registeredPractice: { name: 'Another Surgery' }, actor: { userId: 'other' } };
  const conflict = async (encounterId: string) => {
    const response = await rig.submit(await rig.make({ encounterId, ...changed }));
    expect(response.status).toBe(409);
    return rig.issues(response);
  };

  it('is refused with the paths that differ, before the first is registered and after', async () => {
    const made = await rig.make();
    const { documentId } = rig.accepted(await rig.submit(made));
    const differing = [
      {
        code: 'CONTENT_DIFFERS',
        issue: 'conflict',
        expression: ['manifest.actor.userId', 'manifest.registeredPractice.name'],
      },
    ];
    expect(await conflict(made.manifest.encounterId)).toEqual(differing);
    await compose();
    expect(await conflict(made.manifest.encounterId)).toEqual(differing);
    expect((await rig.record(documentId))?.compositions).toHaveLength(1);
    expect(rig.events).toEqual([]);
  });

  it('is refused where only the PDF differs', async () => {
    const made = await rig.make();
    await rig.submit(made);
    const response = await rig.submit(await rig.make({ encounterId: made.manifest.encounterId }, 'Another'));
    expect(rig.issues(response)).toMatchObject([{ code: 'CONTENT_DIFFERS', expression: ['manifest.pdf.sha256'] }]);
    await compose();
  });

  it('is a correction after a rejection, and makes a new composition with its own request', async () => {
    const made = await rig.make({ patient: { nhsNumber: '9434765919' } });
    const { documentId } = rig.accepted(await rig.submit(made));
    await compose();
    const corrected = await rig.make({ encounterId: made.manifest.encounterId });
    expect((await rig.submit(corrected)).status).toBe(202);
    await compose();
    expect(await follow(documentId)).toMatchObject({ state: 'COMPOSED', requests: [{}, {}] });
    expect((await rig.record(documentId))?.compositions).toHaveLength(2);
  });

  it('waits while another request is under way, and takes over from one that broke off', async () => {
    const made = await rig.make();
    const plan = new CrashPlan(6, 'before');
    rig.crashApiWith(plan);
    expect((await rig.submit(made)).status).toBe(500);
    expect(plan.names.at(-1)).toBe('drops.put');
    rig.crashApiWith(undefined);
    const other = await rig.make({ encounterId: made.manifest.encounterId, ...changed });
    const waiting = await rig.submit(other);
    expect(waiting.status).toBe(409);
    expect(rig.issues(waiting)).toMatchObject([{ code: 'SUBMISSION_UNDER_WAY' }]);
    expect(waiting.headers['Retry-After']).toBe('60');
    rig.clock.leap(61_000);
    const { documentId } = rig.accepted(await rig.submit(other));
    await compose();
    expect(await follow(documentId)).toMatchObject({ state: 'COMPOSED' });
  });
});

describe('custody that was taken without anybody saying so', () => {
  it('is kept: what a function stored whole before it died is not taken over by other content', async () => {
    const made = await rig.make();
    const plan = new CrashPlan(7, 'after');
    rig.crashApiWith(plan);
    expect((await rig.submit(made)).status).toBe(500);
    expect(plan.names.at(-1)).toBe('drops.put');
    rig.crashApiWith(undefined);
    rig.clock.leap(61_000);
    const other = await rig.make({ encounterId: made.manifest.encounterId, practitioner: { family: 'Changed' } });
    expect((await rig.submit(other)).status).toBe(409);
    expect((await rig.submit(made)).status).toBe(202);
    await compose();
  });

  it('is not mistaken for an earlier drop of the same request id', async () => {
    const wrong = await rig.make({ patient: { family: 'Under_score' } });
    const id = randomUUID();
    const headers = { 'X-Request-ID': id };
    const first = await rig.submit(wrong, { headers });
    if (first.status === 202) await compose();
    const encounterId = wrong.manifest.encounterId;
    expect((await rig.submit(await rig.make({ encounterId }), { headers })).status).toBe(202);
    const other = await rig.make({ encounterId, practitioner: { family: 'Changed' } });
    expect((await rig.submit(other)).status).toBe(409);
    await compose();
  });
});

describe('what stands in the table', () => {
  it('holds nothing about the patient, and goes after a month', async () => {
    const made = await rig.make();
    const { documentId } = rig.accepted(await rig.submit(made));
    const item = (await rig.items()).find(({ pk }) => pk === submissionKey(documentId));
    const stored = JSON.stringify(item);
    for (const value of ['9691375087', 'Fern', 'María', '1957-01-09']) expect(stored).not.toContain(value);
    expect(item?.expiresAt).toBeGreaterThan(rig.clock.now() / 1000 + 30 * 86_000);
    expect(item?.expiresAt).toBeLessThan(rig.clock.now() / 1000 + 30 * 86_500);
    await compose();
  });
});

describe('every problem of a body', () => {
  it('is told at once: envelope, manifest and PDF together', async () => {
    const made = await rig.make({ patient: { nhsNumber: '9691375088', birthDate: '1957-02-30' }, title: undefined });
    const response = await rig.call({
      path: '/v1/documents',
      body: {
        manifest: { ...made.manifest, colour: 'blue', version: '1' },
        pdf: { base64: Buffer.from('no pdf').toString('base64') },
        note: 'x',
      },
    });
    expect(response.status).toBe(422);
    expect(rig.issues(response)).toEqual([
      { code: 'FIELD_UNKNOWN', issue: 'structure', expression: ['note'] },
      { code: 'WRONG_TYPE', issue: 'structure', expression: ['manifest.version'] },
      { code: 'UNKNOWN_FIELD', issue: 'structure', expression: ['manifest.colour'] },
      { code: 'NHS_NUMBER_CHECK_DIGIT', issue: 'value', expression: ['manifest.patient.nhsNumber'] },
      { code: 'DATE_NOT_REAL', issue: 'value', expression: ['manifest.patient.birthDate'] },
      { code: 'PDF_NOT_PDF', issue: 'value', expression: ['pdf'] },
      { code: 'PDF_DIGEST_DIFFERS', issue: 'invariant', expression: ['manifest.pdf.sha256'] },
    ]);
  });

  it.each(['inline', 'upload'] as const)(
    'is told at once, whatever else is wrong: another PDF than the one named too, %s',
    async (way) => {
      const made = await rig.make({ patient: { birthDate: '1957-02-30' } });
      const other = await rig.make({}, 'Another report');
      const uploadId = randomUUID();
      await rig.drops.put(`uploads/RX1/${uploadId}.pdf`, other.pdf);
      const manifest = { ...made.manifest, colour: 'blue' };
      const body = {
        manifest,
        note: 'x',
        ...(way === 'inline' ? { pdf: { base64: other.base64 } } : { upload: { uploadId } }),
      };
      const codes = rig.issues(await rig.call({ path: '/v1/documents', body })).map(({ code }) => code);
      expect(codes).toEqual(['FIELD_UNKNOWN', 'UNKNOWN_FIELD', 'DATE_NOT_REAL', 'PDF_DIGEST_DIFFERS']);
      // Where the manifest's digest is none, nobody can tell.
      const spoilt = { ...body, manifest: { ...manifest, pdf: { sha256: 'x' } } };
      const others = rig.issues(await rig.call({ path: '/v1/documents', body: spoilt })).map(({ code }) => code);
      expect(others).not.toContain('PDF_DIGEST_DIFFERS');
    },
  );

  it('holds no value of the manifest', async () => {
    const made = await rig.make({ patient: { nhsNumber: '9434765918', family: 'Marked_Name' } });
    const { text } = await rig.submit(made);
    expect(text).toContain('FAMILY_NAME_UNDERSCORE');
    for (const value of ['9434765918', 'Marked', 'María']) expect(text).not.toContain(value);
    expect(rig.lines.join('\n')).not.toContain('Marked');
  });

  const pdf = { base64: Buffer.from('%PDF-1.4 cut off').toString('base64') };
  it.each([
    ['neither PDF nor upload', (manifest: object) => ({ manifest }), 'PDF_OR_UPLOAD'],
    ['both', (manifest: object) => ({ manifest, pdf, upload: { uploadId: requestId } }), 'PDF_OR_UPLOAD'],
    ['no manifest', () => ({ pdf }), 'FIELD_MISSING'],
    ['a manifest that is no object', () => ({ manifest: [], pdf }), 'FIELD_NOT_ALLOWED'],
    [
      'base64 with line breaks',
      (manifest: object) => ({ manifest, pdf: { base64: 'AAAA\nAAAA' } }),
      'BASE64_NOT_VALID',
    ],
    ['base64 for addresses', (manifest: object) => ({ manifest, pdf: { base64: '-_-_' } }), 'BASE64_NOT_VALID'],
    ['base64 without padding', (manifest: object) => ({ manifest, pdf: { base64: 'AAA' } }), 'BASE64_NOT_VALID'],
    ['a PDF that is cut off', (manifest: object) => ({ manifest, pdf }), 'PDF_TRUNCATED'],
    ['another PDF than the one named', (manifest: object) => ({ manifest, pdf }), 'PDF_DIGEST_DIFFERS'],
    [
      'an upload that is not there',
      (manifest: object) => ({ manifest, upload: { uploadId: requestId } }),
      'UPLOAD_NOT_FOUND',
    ],
    [
      'an upload id that is none',
      (manifest: object) => ({ manifest, upload: { uploadId: '../x' } }),
      'FIELD_NOT_ALLOWED',
    ],
  ])('tells %s', async (_, body, code) => {
    const { manifest } = await rig.make();
    const response = await rig.call({ path: '/v1/documents', body: body(manifest) });
    expect(response.status).toBe(422);
    expect(rig.issues(response).map((issue) => issue.code)).toContain(code);
  });

  it('takes strict JSON only: a doubled field is told, broken text is 400', async () => {
    const { manifest, base64 } = await rig.make();
    const text = JSON.stringify({ manifest, pdf: { base64 } });
    const doubled = await rig.call({
      path: '/v1/documents',
      body: text.replace('"version":1', '"version":1,"version":2'),
    });
    expect(rig.issues(doubled)).toMatchObject([{ code: 'FIELD_TWICE', expression: ['manifest.version'] }]);
    for (const body of [text.slice(0, -1), '', '{"a":1,}', "{'a':1}"]) {
      const response = await rig.call({ path: '/v1/documents', method: 'POST', body });
      expect(response.status).toBe(400);
      expect(rig.issues(response)).toMatchObject([{ code: 'BODY_NOT_JSON', issue: 'structure' }]);
    }
    expect((await rig.call({ path: '/v1/documents', body: [] })).status).toBe(422);
  });

  it('bounds how many are told', async () => {
    const { manifest } = await rig.make();
    const extra = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`field${index}`, 1]));
    const response = await rig.call({ path: '/v1/documents', body: { manifest: { ...manifest, ...extra } } });
    const issues = rig.issues(response);
    expect(issues).toHaveLength(51);
    expect(issues.at(-1)?.code).toBe('MORE_PROBLEMS');
  });
});
