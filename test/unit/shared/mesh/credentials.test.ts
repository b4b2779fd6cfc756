import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPki, type IssuedCertificate, type Pki } from '../../../../local/pki/pki.ts';
import { readCredentials } from '../../../../shared/mesh/credentials.ts';
import { days } from '../../../../shared/platform/clock.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const end = Date.parse('2026-05-01T00:00:00Z');
let pki: Pki;
let good: IssuedCertificate;
let other: IssuedCertificate;
let expired: IssuedCertificate;
let future: IssuedCertificate;

beforeAll(async () => {
  pki = await createPki({ now });
  const from = now - days(10);
  good = await pki.issueClient('good', { notBefore: from, notAfter: end });
  other = await pki.issueClient('other');
  expired = await pki.issueClient('expired', { notBefore: from, notAfter: now - 1000 });
  future = await pki.issueClient('future', { notBefore: now + days(1), notAfter: end });
});

const secrets = (
  mailbox: Partial<Record<string, unknown>> = {},
  environment: Partial<Record<string, unknown>> = {},
) => ({
  environment: JSON.stringify({ sharedKey: 'Marker-key', ca: pki.ca, ...environment }),
  mailbox: JSON.stringify({ ...good, password: 'Marker-password', ...mailbox }),
});

test('two whole secrets give credentials and the days that the certificate has left', () => {
  const outcome = readCredentials(secrets(), now);
  expect(outcome).toMatchObject({ kind: 'ok', expiresAt: end, daysToExpiry: 60 });
  expect(outcome).toMatchObject({ credentials: { password: 'Marker-password', sharedKey: 'Marker-key', ca: pki.ca } });
});

test('a CA bundle may hold an expired certificate beside a current one', async () => {
  const old = await createPki({ now });
  expect(readCredentials(secrets({}, { ca: `# comment\n${old.ca}\n${pki.ca}` }), now).kind).toBe('ok');
});

test('the CA bundle lasts as long as the last of its roots and the last of its issuing certificates', async () => {
  const old = await createPki({ now, days: 20 });
  const ends = (ca: string) => {
    const outcome = readCredentials(secrets({}, { ca }), now);
    return outcome.kind === 'ok' ? outcome.authoritiesExpireAt : undefined;
  };
  const endOf = (pem: string) => Date.parse(new X509Certificate(pem).validTo);
  expect(ends(old.ca)).toBe(endOf(old.ca));
  // Both of a change-over are trusted: the old one may end.
  expect(ends(old.ca + pki.ca)).toBe(endOf(pki.ca));
  // Not self-signed, so it stands for an issuing certificate.
  expect(ends(pki.ca + good.certificate)).toBe(end);
});

describe('a configuration fault has a sentence to act on, and no value of a secret', () => {
  const cases: [string, () => { environment: string; mailbox: string }, RegExp][] = [
    ['a secret that is not JSON', () => ({ ...secrets(), mailbox: 'Marker' }), /mailbox secret is not JSON/],
    ['a missing member', () => secrets({ password: undefined }), /mailbox secret is incomplete: password/],
    ['an empty member', () => secrets({}, { sharedKey: '' }), /environment secret is incomplete: sharedKey/],
    ['a member of another type', () => secrets({ password: { a: 'Marker' } }), /incomplete: password/],
    [
      'a secret that is a list',
      () => ({ ...secrets(), environment: '["Marker"]' }),
      /environment secret is incomplete/,
    ],
    ['a CA bundle that is no PEM', () => secrets({}, { ca: 'Marker' }), /CA bundle cannot be read/],
    [
      'a CA bundle with a broken certificate',
      () => secrets({}, { ca: `${pki.ca}-----BEGIN CERTIFICATE-----\nTWFya2Vy\n-----END CERTIFICATE-----` }),
      /CA bundle cannot be read/,
    ],
    ['a certificate that is no PEM', () => secrets({ certificate: 'Marker' }), /client certificate cannot be read/],
    ['a key that is no PEM', () => secrets({ privateKey: 'Marker' }), /private key cannot be read/],
    [
      'a key in place of the certificate',
      () => secrets({ certificate: good.privateKey }),
      /client certificate cannot be read/,
    ],
    [
      'a key of another certificate',
      () => secrets({ privateKey: other.privateKey }),
      /private key does not belong to the client certificate/,
    ],
    ['an expired certificate', () => secrets({ ...expired }), /expired at 2026-03-01T11:59:59.000Z/],
    ['a certificate not yet valid', () => secrets({ ...future }), /not valid before 2026-03-02T12:00:00.000Z/],
  ];
  test.each(cases)('%s', (_, given, reason) => {
    const outcome = readCredentials(given(), now);
    expect(outcome).toMatchObject({ kind: 'configuration', reason: expect.stringMatching(reason) });
    expect(outcome).toMatchObject({ advice: expect.stringMatching(/\w{4,}/) });
    expect(JSON.stringify(outcome)).not.toContain('Marker');
  });
});

test('a CA bundle that has expired as a whole is a configuration fault', () => {
  const later = Date.parse('2060-01-01T00:00:00Z');
  expect(readCredentials(secrets(), later)).toMatchObject({
    kind: 'configuration',
    reason: 'Every certificate of the CA bundle has expired.',
  });
});

test('the last day of a certificate counts as none', () => {
  expect(readCredentials(secrets(), end - 1000)).toMatchObject({ kind: 'ok', daysToExpiry: 0 });
  expect(readCredentials(secrets(), end)).toMatchObject({ kind: 'configuration' });
});
