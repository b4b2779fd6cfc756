import type { Configuration, ConfigurationCause } from './outcomes.ts';

/** Why a request got no answer. */
export type NetworkFault =
  | Configuration
  /** `cut`: the connection was closed without an answer. */
  | { readonly kind: 'network'; readonly cut: boolean; readonly reason: string };

const untrustedServer = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_CHAIN_TOO_LONG',
  'INVALID_CA',
  'INVALID_PURPOSE',
]);

const isAboutOurCertificate = (code: string): boolean =>
  /^ERR_SSL_\w*ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|CERTIFICATE_REQUIRED|ACCESS_DENIED|DECRYPT_ERROR|HANDSHAKE_FAILURE)$/.test(
    code,
  );

const configuration = (cause: ConfigurationCause, reason: string, advice: string): Configuration => ({
  kind: 'configuration',
  cause,
  reason,
  advice,
});

/** The server refuses the client certificate. */
export const certificateRefused = (detail: string): Configuration =>
  configuration(
    'client-certificate',
    `MESH refused the client certificate (${detail}).`,
    'Check that the certificate was issued for this MESH environment, is in date and has not been revoked.',
  );

/** What a Node error of a connection means. Only the error's code is repeated: its text may hold more. */
export const classifyNetworkError = (error: unknown): NetworkFault => {
  const code = errorCode(error);
  if (untrustedServer.has(code)) {
    return configuration(
      'server-certificate',
      `The server's certificate does not descend from the CA bundle (${code}).`,
      'Check that the environment secret holds the NHS certificates of this MESH environment, and that its address is right.',
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return configuration(
      'server-certificate',
      `The server's certificate, or one of the CA bundle, is not valid today (${code}).`,
      'Check the clock, then the certificates in the environment secret; ask the MESH service desk if they are current.',
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return configuration(
      'address',
      `The server's certificate is for another host (${code}).`,
      'Check the MESH address of the mailbox. Do not send until it is understood: the server may not be MESH.',
    );
  }
  if (isAboutOurCertificate(code)) return certificateRefused(code);
  if (/WRONG_VERSION_NUMBER|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE/.test(code)) {
    return configuration(
      'address',
      `The server does not speak TLS 1.2 or newer at this address (${code}).`,
      'Check the MESH address of the mailbox.',
    );
  }
  if (/^ERR_OSSL_/.test(code)) {
    return configuration(
      'credentials',
      `The certificate, key or CA bundle cannot be used (${code}).`,
      'Store certificate and key again, in PEM, and check that they belong together.',
    );
  }
  return broke(code);
};

const broke = (code: string): NetworkFault => ({
  kind: 'network',
  cut: code === 'ECONNRESET' || code === 'EPIPE',
  reason: `No answer from MESH (${code}).`,
});

/**
 * On a connection that has answered before, certificates and TLS version are settled: whatever breaks it says nothing
 * about them, and nothing about whether MESH has the request.
 */
export const connectionBroke = (error: unknown): NetworkFault => broke(errorCode(error));

/**
 * The code of a Node error, in letters, digits and `_`. A TLS alert that comes while the socket writes is an EPROTO
 * whose text alone tells which; and newer OpenSSL has a slash in the names of alerts.
 */
export const errorCode = (error: unknown): string => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'UNKNOWN';
  let { code } = error;
  if (code === 'EPROTO' && error instanceof Error) {
    const [, reason] = /:SSL routines:[^:]*:([\w /]{1,60}):/.exec(error.message) ?? [];
    if (reason !== undefined) code = `ERR_SSL_${reason.toUpperCase()}`;
  }
  return typeof code === 'string' && /^[A-Z0-9_ /]{1,80}$/.test(code) ? code.replace(/[ /]/g, '_') : 'UNKNOWN';
};
