import { expect, test } from 'vitest';
import { meshBaseUrl } from '../../../../shared/mesh/environments.ts';

test('named environments have their internet addresses', () => {
  expect(meshBaseUrl('production')).toEqual({ kind: 'ok', value: 'https://mesh-sync.spineservices.nhs.uk' });
  expect(meshBaseUrl('integration')).toEqual({ kind: 'ok', value: 'https://msg.intspineservices.nhs.uk' });
  expect(meshBaseUrl('deployment')).toEqual({ kind: 'ok', value: 'https://msg.depspineservices.nhs.uk' });
});

test('a named environment cannot be pointed elsewhere', () => {
  expect(meshBaseUrl('production', 'https://127.0.0.1:1').kind).toBe('configuration');
});

test.each(['https://127.0.0.1:8443', 'https://localhost:8443', 'https://[::1]:8443'])(
  'the local environment takes %s',
  (url) => {
    expect(meshBaseUrl('local', url)).toEqual({ kind: 'ok', value: url });
  },
);

test.each([
  undefined,
  '',
  'nonsense',
  'http://127.0.0.1:8443',
  'https://example.org',
  'https://127.0.0.1.example.org',
  'https://127.0.0.1@example.org',
  'https://user:secret@127.0.0.1:8443',
  'https://0.0.0.0:8443',
])('the local environment refuses %s', (url) => {
  const outcome = meshBaseUrl('local', url);
  expect(outcome.kind).toBe('configuration');
  expect(JSON.stringify(outcome)).not.toContain('secret');
});
