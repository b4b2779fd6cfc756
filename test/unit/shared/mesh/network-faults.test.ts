import { expect, test } from 'vitest';
import { classifyNetworkError } from '../../../../shared/mesh/network-faults.ts';

const error = (code: string) => Object.assign(new Error('text with Marker in it'), { code });

test.each([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_OSSL_PEM_NO_START_LINE',
])('%s is for a person to put right', (code) => {
  const fault = classifyNetworkError(error(code));
  expect(fault).toMatchObject({ kind: 'configuration', reason: expect.stringContaining(code) });
  expect(JSON.stringify(fault)).not.toContain('Marker');
});

test.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'HPE_INVALID_CONSTANT'])(
  '%s passes by itself',
  (code) => {
    expect(classifyNetworkError(error(code))).toEqual({
      kind: 'network',
      cut: false,
      reason: `No answer from MESH (${code}).`,
    });
  },
);

test('the alert behind an EPROTO is found', () => {
  const text =
    'write EPROTO 8010:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../rec_layer_s3.c:1605:\n';
  const fault = classifyNetworkError(Object.assign(new Error(text), { code: 'EPROTO' }));
  expect(fault).toMatchObject({
    kind: 'configuration',
    reason: expect.stringContaining('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'),
  });
});

test('the names of newer OpenSSL are known', () => {
  const fault = classifyNetworkError(error('ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE'));
  expect(fault).toMatchObject({ kind: 'configuration', reason: expect.stringContaining('BAD_CERTIFICATE') });
});

test('a cut connection is known as one', () => {
  expect(classifyNetworkError(error('ECONNRESET'))).toMatchObject({ kind: 'network', cut: true });
});

test.each([undefined, null, 'text', new Error('Marker'), { code: 5 }, { code: 'Marker 9691375087' }])(
  'an error of an unexpected form (%#) passes by itself and is not repeated',
  (thrown) => {
    const fault = classifyNetworkError(thrown);
    expect(fault.kind).toBe('network');
    expect(JSON.stringify(fault)).not.toContain('Marker');
  },
);
