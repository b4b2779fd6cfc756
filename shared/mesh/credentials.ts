import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { days, isoTime } from '../platform/clock.ts';
import { lastFew } from './last-few.ts';
import type { Configuration } from './outcomes.ts';

/** What the client needs to speak for one mailbox. All PEM, all text. */
export interface MeshCredentials {
  /** Client certificate, its intermediates after it. */
  readonly cert: string;
  readonly key: string;
  /** The NHS certificates that the server's must descend from: nothing else is trusted. */
  readonly ca: string;
  readonly password: string;
  readonly sharedKey: string;
}

/** `/send-document/{stage}/mesh/environment` */
export const environmentSecret = z.object({ sharedKey: z.string().min(1), ca: z.string().min(1) });
/** `/send-document/{stage}/mesh/mailbox/{id}`: certificate and key change together, so they are one secret. */
export const mailboxSecret = z.object({
  certificate: z.string().min(1),
  privateKey: z.string().min(1),
  password: z.string().min(1),
});

export interface CheckedCredentials {
  readonly kind: 'ok';
  readonly credentials: MeshCredentials;
  /** Epoch milliseconds at which the client certificate ends. */
  readonly expiresAt: number;
  /** Whole days until then. */
  readonly daysToExpiry: number;
  /** Epoch milliseconds at which the CA bundle has no valid root, or no valid issuing certificate, any more. */
  readonly authoritiesExpireAt: number;
}

const configuration = (reason: string, advice: string): Configuration => ({
  kind: 'configuration',
  cause: 'credentials',
  reason,
  advice,
});

// A function that stays warm reads the same PEM at each call, and reading it costs more than all else on the way to MESH.
const readBundles = lastFew<readonly X509Certificate[] | undefined>(8);
const readKeys = lastFew<KeyObject | undefined>(4);

/** Certificates of a PEM bundle; undefined where one of them, or the whole, cannot be read. */
const certificates = (pem: string): readonly X509Certificate[] | undefined =>
  readBundles(pem, () => {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    try {
      return blocks.length > 0 ? blocks.map((block) => new X509Certificate(block)) : undefined;
    } catch {
      return undefined;
    }
  });

/** Of a change-over, when old and new ones are trusted, the new ones count. */
const endOf = (authorities: readonly X509Certificate[]): number => {
  const isRoot = ({ subject, issuer }: X509Certificate) => subject === issuer;
  const levels = [authorities.filter(isRoot), authorities.filter((one) => !isRoot(one))];
  const ends = levels.map((level) => Math.max(...level.map(({ validTo }) => Date.parse(validTo))));
  return Math.min(...ends.filter(Number.isFinite));
};

const privateKey = (pem: string): KeyObject | undefined =>
  readKeys(pem, () => {
    try {
      return createPrivateKey(pem);
    } catch {
      return undefined;
    }
  });

const parseSecret = <S extends z.ZodType>(schema: S, secret: string, name: string): z.output<S> | Configuration => {
  let json: unknown;
  try {
    json = JSON.parse(secret);
  } catch {
    return configuration(`The ${name} secret is not JSON.`, `Store the ${name} secret again.`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  // Member names only: the values are secret.
  const members = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole'))].join(', ');
  return configuration(
    `The ${name} secret is incomplete: ${members}.`,
    `Store the ${name} secret again, with all of it.`,
  );
};

const isConfiguration = (value: object): value is Configuration => 'kind' in value && value.kind === 'configuration';

/**
 * Reads the two secrets of a mailbox and checks what can be checked without asking MESH: readable PEM, a key that
 * belongs to the certificate, and their dates against `now` (epoch milliseconds). No value is ever part of a reason.
 */
export const readCredentials = (
  secrets: { readonly environment: string; readonly mailbox: string },
  now: number,
): CheckedCredentials | Configuration => {
  const environment = parseSecret(environmentSecret, secrets.environment, 'environment');
  if (isConfiguration(environment)) return environment;
  const mailbox = parseSecret(mailboxSecret, secrets.mailbox, 'mailbox');
  if (isConfiguration(mailbox)) return mailbox;

  const authorities = certificates(environment.ca);
  if (!authorities) {
    return configuration(
      'The CA bundle cannot be read: it is not PEM with whole certificates.',
      'Store the NHS root and issuing certificates of this environment in the environment secret, in PEM.',
    );
  }
  if (authorities.every((authority) => Date.parse(authority.validTo) <= now)) {
    return configuration(
      'Every certificate of the CA bundle has expired.',
      'Store the current NHS root and issuing certificates of this environment in the environment secret.',
    );
  }
  const [certificate] = certificates(mailbox.certificate) ?? [];
  if (!certificate) {
    return configuration(
      'The client certificate cannot be read: it is not a PEM certificate.',
      'Store the certificate that the NHS issued for this mailbox again, in PEM.',
    );
  }
  const key = privateKey(mailbox.privateKey);
  if (!key) {
    return configuration(
      'The private key cannot be read: it is not an unencrypted PEM key.',
      'Store the key that the certificate was requested with, in PEM and without a passphrase.',
    );
  }
  if (!certificate.checkPrivateKey(key)) {
    return configuration(
      'The private key does not belong to the client certificate.',
      'Store the certificate together with the key that it was requested with.',
    );
  }
  const startsAt = Date.parse(certificate.validFrom);
  const expiresAt = Date.parse(certificate.validTo);
  if (now < startsAt) {
    return configuration(
      `The client certificate is not valid before ${isoTime(startsAt)}.`,
      'Store the certificate that is valid today; if it is, check the clock.',
    );
  }
  if (now >= expiresAt) {
    return configuration(
      `The client certificate expired at ${isoTime(expiresAt)}.`,
      'Request a new certificate from the NHS (about five working days), and store it with its key.',
    );
  }
  return {
    kind: 'ok',
    credentials: {
      cert: mailbox.certificate,
      key: mailbox.privateKey,
      ca: environment.ca,
      password: mailbox.password,
      sharedKey: environment.sharedKey,
    },
    expiresAt,
    daysToExpiry: Math.floor((expiresAt - now) / days(1)),
    authoritiesExpireAt: endOf(authorities),
  };
};
