// The library's container needs this before anything else of it is loaded.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { days as inDays } from '../../shared/platform/clock.ts';

/** Both PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface Validity {
  /** Epoch milliseconds. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** A throw-away certificate authority: its keys live in this process only. */
export interface Pki {
  /** PEM of the authority's certificate. */
  readonly ca: string;
  issueServer(hosts?: readonly string[], validity?: Validity): Promise<IssuedCertificate>;
  issueClient(commonName: string, validity?: Validity): Promise<IssuedCertificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const pem = (label: string, der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const keyPair = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const privateKeyPem = async (pair: webcrypto.CryptoKeyPair) =>
  pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', pair.privateKey));

const serialNumber = () => `01${randomBytes(15).toString('hex')}`;

/**
 * An authority whose certificates are good from a day before `now` for `days`. TLS compares with the machine's time
 * and our own checks with the injected clock, so the period covers both.
 */
export const createPki = async (setting: { readonly now: number; readonly days?: number }): Promise<Pki> => {
  const machine = Date.now();
  const period = {
    notBefore: Math.min(setting.now, machine) - inDays(1),
    notAfter: Math.max(setting.now, machine) + inDays(setting.days ?? 365),
  };
  const datesOf = (validity: Validity) => ({
    notBefore: new Date(validity.notBefore ?? period.notBefore),
    notAfter: new Date(validity.notAfter ?? period.notAfter),
  });

  const authorityKeys = await keyPair();
  const authority: X509Certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'O=Throw-away test authority, CN=Local MESH Root',
    ...datesOf({}),
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });

  const issue = async (
    commonName: string,
    usage: ExtendedKeyUsage,
    hosts: readonly string[],
    validity: Validity,
  ): Promise<IssuedCertificate> => {
    const keys = await keyPair();
    const names = hosts.map((host) => ({
      type: /^[\d.]+$|:/.test(host) ? ('ip' as const) : ('dns' as const),
      value: host,
    }));
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: `CN=${commonName}`,
      issuer: authority.subject,
      ...datesOf(validity),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    return { certificate: pem('CERTIFICATE', certificate.rawData), privateKey: await privateKeyPem(keys) };
  };

  return {
    ca: pem('CERTIFICATE', authority.rawData),
    issueServer: (hosts = ['127.0.0.1', 'localhost'], validity = {}) =>
      issue(hosts[0] ?? 'localhost', ExtendedKeyUsage.serverAuth, hosts, validity),
    issueClient: (commonName, validity = {}) => issue(commonName, ExtendedKeyUsage.clientAuth, [], validity),
  };
};
