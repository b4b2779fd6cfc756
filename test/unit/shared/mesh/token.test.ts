import { afterEach, expect, test, vi } from 'vitest';
import { meshAuthorization, tokenTimestamp } from '../../../../shared/mesh/token.ts';

const fields = {
  mailboxId: 'X26ABC1',
  password: 'password',
  sharedKey: 'TestKey',
  nonce: 'bd0e2bd5-218e-41d0-83a9-73fdec414803',
  at: Date.parse('2020-05-04T13:05:00Z'),
};

afterEach(() => vi.unstubAllEnvs());

test('a token agrees with the published algorithm', () => {
  expect(meshAuthorization(fields)).toBe(
    'NHSMESH X26ABC1:bd0e2bd5-218e-41d0-83a9-73fdec414803:0:202005041305:1d7da1305d2c4f169b097f4e7fddbc8dfba024de2ea0fdee858b64536f2a90bc',
  );
  expect(meshAuthorization({ ...fields, nonceCount: 1 })).toBe(
    'NHSMESH X26ABC1:bd0e2bd5-218e-41d0-83a9-73fdec414803:1:202005041305:b35be3a6bdca886d8117b2f29cc9f3f90ad607efbc88c20aa41a0f3d5e65c863',
  );
});

test.each(['Europe/London', 'Asia/Kolkata', 'UTC'])(
  'a token’s time is UTC to the minute, in summer too (%s)',
  (zone) => {
    vi.stubEnv('TZ', zone);
    const noon = new Date('2026-07-01T12:00:00Z');
    // Or the zone of the machine would be tested, which is mostly UTC.
    expect(noon.getHours()).toBe({ 'Europe/London': 13, 'Asia/Kolkata': 17 }[zone] ?? 12);
    expect(tokenTimestamp(Date.parse('2026-07-01T00:30:59.999+01:00'))).toBe('202606302330');
    expect(tokenTimestamp(Date.parse('2027-01-01T00:00:00Z'))).toBe('202701010000');
  },
);

test('the password is not in the header', () => {
  expect(meshAuthorization(fields)).not.toContain('password');
});
