import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { virtualClock } from '../../../local/clock.ts';
import { minutes, seconds } from '../../../shared/platform/clock.ts';
import { clientSetting, credentials, followClock } from './json-support.ts';
import { bytes, noise, refusedWith, startTestS3, type TestS3 } from './s3-support.ts';

const clock = virtualClock(Date.UTC(2026, 9, 5, 9));
let s3: TestS3;
let Bucket: string;
beforeAll(async () => {
  s3 = await startTestS3(clock);
  Bucket = await s3.bucket();
  await s3.put(Bucket, 'k', 'content');
});
afterAll(() => s3.stop());

const sign = (command: GetObjectCommand | PutObjectCommand, expiresIn = 60) =>
  getSignedUrl(s3.client, command as GetObjectCommand, { expiresIn, signingDate: new Date(clock.now()) });

describe('a signature', () => {
  const as = (keys: typeof credentials) =>
    new S3Client({ ...clientSetting(s3.service.endpoint), credentials: keys, forcePathStyle: true });
  const read = (client: S3Client) => client.send(new GetObjectCommand({ Bucket, Key: 'k' }));

  test('by another secret, by nobody known or by nobody at all is refused', async () => {
    const wrong = as({ ...credentials, secretAccessKey: 'WRONG' });
    followClock(wrong, clock);
    await refusedWith(read(wrong), 'SignatureDoesNotMatch', 403);
    const unknown = as({ ...credentials, accessKeyId: 'AKIANOBODY' });
    followClock(unknown, clock);
    await refusedWith(read(unknown), 'InvalidAccessKeyId', 403);
    const nobody = await fetch(`${s3.service.endpoint}/${Bucket}/k`);
    expect(nobody.status).toBe(403);
    expect(await nobody.text()).toContain('<Code>AccessDenied</Code>');
  });

  test('of another time is refused, and the answer tells the time of the clock', async () => {
    const early = as(credentials);
    Object.defineProperty(early.config, 'systemClockOffset', {
      get: () => clock.now() - Date.now() - minutes(16),
      set: () => undefined,
    });
    await refusedWith(read(early), 'RequestTimeTooSkewed', 403);
    const refused = await fetch(`${s3.service.endpoint}/${Bucket}/k`);
    expect(Date.parse(refused.headers.get('date') ?? '')).toBe(clock.now());
  });

  test('covers the body: other bytes than were signed are refused', async () => {
    const client = as(credentials);
    followClock(client, clock);
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: unknown };
        request.body = 'hellO';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const put = client.send(new PutObjectCommand({ Bucket, Key: 'tampered', Body: 'hello' }));
    await refusedWith(put, 'XAmzContentSHA256Mismatch', 400);
    await refusedWith(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'tampered' })), 'NotFound', 404);
  });
});

describe('a presigned URL', () => {
  test('puts and gets, with the answer headers that it asks for', async () => {
    const command = { Bucket, Key: 'ps é.pdf', ContentType: 'application/pdf', Metadata: { kind: 'letter' } };
    const put = await fetch(await sign(new PutObjectCommand(command)), {
      method: 'PUT',
      body: 'abc',
      headers: { 'content-type': 'application/pdf' },
    });
    expect(put.status).toBe(200);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'ps é.pdf' }));
    expect(head).toMatchObject({ ContentType: 'application/pdf', Metadata: { kind: 'letter' } });
    const ResponseContentDisposition = 'attachment; filename=x';
    const get = await fetch(await sign(new GetObjectCommand({ Bucket, Key: 'ps é.pdf', ResponseContentDisposition })));
    expect(await get.text()).toBe('abc');
    expect(get.headers.get('content-disposition')).toBe(ResponseContentDisposition);
  });

  test('is good until it expires by the clock, and for nothing else', async () => {
    const url = await sign(new GetObjectCommand({ Bucket, Key: 'k' }), 10);
    expect((await fetch(url.replace('/k?', '/other?'))).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    await clock.advance(seconds(10));
    expect((await fetch(url)).status).toBe(200);
    await clock.advance(1);
    expect((await fetch(url)).status).toBe(403);
  });

  test('needs the length of what it puts, as S3 does', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('abc'));
        controller.close();
      },
    });
    const url = await sign(new PutObjectCommand({ Bucket, Key: 'unknown length' }));
    const put = await fetch(url, { method: 'PUT', body, duplex: 'half' } as RequestInit);
    expect(put.status).toBe(411);
    expect(await put.text()).toContain('MissingContentLength');
  });
});

describe('a presigned form', () => {
  const post = async (
    input: Partial<Parameters<typeof createPresignedPost>[1]>,
    file: Blob,
    change: Record<string, string> = {},
  ) => {
    const { url, fields } = await createPresignedPost(s3.client, { Bucket, Key: 'form/x.pdf', Expires: 60, ...input });
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...change })) form.append(name, value);
    form.append('file', file, 'letter one.pdf');
    form.append('after', 'S3 takes no notice of fields after the file');
    return { send: () => fetch(url, { method: 'POST', body: form }) };
  };
  const range = (from: number, to: number) => [
    ['content-length-range', from, to] as ['content-length-range', number, number],
  ];

  test('stores the file that comes with it, byte for byte', async () => {
    const body = noise(3 << 20, 9);
    const Fields = { 'Content-Type': 'application/pdf', 'x-amz-meta-kind': 'letter' };
    const { send } = await post({ Conditions: range(1, 4 << 20), Fields }, new Blob([body]));
    expect((await send()).status).toBe(204);
    const found = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'form/x.pdf' }));
    expect(found).toMatchObject({ ContentType: 'application/pdf', Metadata: { kind: 'letter' } });
    expect((await bytes(found)).equals(body)).toBe(true);
  });

  test('may take the name of the file into the key, and answer 201', async () => {
    const input = { Key: `form/\${filename}`, Fields: { success_action_status: '201' } };
    const { send } = await post(input, new Blob(['hello']));
    const answer = await send();
    expect(answer.status).toBe(201);
    expect(await answer.text()).toContain('<Key>form/letter one.pdf</Key>');
    expect(await s3.text(Bucket, 'form/letter one.pdf')).toBe('hello');
  });

  test('is refused where the file is too long or too short, and nothing is stored', async () => {
    const long = await (await post({ Key: 'form/y', Conditions: range(1, 3) }, new Blob(['hello']))).send();
    expect([long.status, await long.text()]).toEqual([400, expect.stringContaining('EntityTooLarge')]);
    const short = await (await post({ Key: 'form/y', Conditions: range(9, 10) }, new Blob(['hello']))).send();
    expect([short.status, await short.text()]).toEqual([400, expect.stringContaining('EntityTooSmall')]);
    await refusedWith(s3.client.send(new HeadObjectCommand({ Bucket, Key: 'form/y' })), 'NotFound', 404);
    expect((await s3.files()).incoming).toEqual([]);
  });

  test('is refused with a field that its policy does not have, or has otherwise, and once it is old', async () => {
    const file = new Blob(['hello']);
    expect((await (await post({}, file, { key: 'elsewhere' })).send()).status).toBe(403);
    expect((await (await post({}, file, { 'x-amz-meta-more': '1' })).send()).status).toBe(403);
    expect((await (await post({}, file, { 'X-Amz-Signature': '0'.repeat(64) })).send()).status).toBe(403);
    const old = await post({}, file);
    await clock.advance(seconds(61));
    expect((await old.send()).status).toBe(403);
  });

  test('leaves the connection fit for the next call', async () => {
    for (let i = 0; i < 5; i++) {
      expect((await (await post({ Key: `form/${i}` }, new Blob([noise(100_000, i + 1)]))).send()).status).toBe(204);
      expect((await fetch(await sign(new GetObjectCommand({ Bucket, Key: `form/${i}` })))).status).toBe(200);
    }
  });
});
