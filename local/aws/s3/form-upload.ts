import { timingSafeEqual } from 'node:crypto';
import type { Identities } from '../service.ts';
import { policySignature } from '../sigv4.ts';
import { encryptionHeaders, objectHeaders, type Reply, type S3Call } from './call.ts';
import { commitObject, entityTag } from './commit.ts';
import { versionHeader } from './entries.ts';
import { accessDenied, invalidArgument, S3Error } from './errors.ts';
import { type FormField, formFields } from './form-data.ts';
import { receiveBody } from './incoming.ts';
import { findBucket, type Headers, type S3State } from './model.ts';
import { lockHeadersOf } from './object-lock.ts';
import { authorizeExtras, checksumHeaders, quoted, refuseLongKey, tagsOf } from './object-operations.ts';
import { checkPostPolicy, type LengthRange } from './post-policy.ts';
import type { S3Request } from './request.ts';
import { leaf, xmlDocument } from './xml.ts';

/** A browser's upload: the whole call is in the form, its policy is what is signed. */
export const isFormUpload = ({ method, bucket, key, headers }: S3Request): boolean =>
  method === 'POST' && bucket !== '' && key === '' && /^multipart\/form-data/i.test(headers['content-type'] ?? '');

const longestFields = 20 * 1024;

const smallText = async (content: AsyncIterable<Buffer>, room: number): Promise<string> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const piece of content) {
    length += piece.length;
    if (length > room)
      throw new S3Error('MaxPostPreDataLengthExceeded', 400, 'The fields before the file are too long.');
    parts.push(piece);
  }
  return Buffer.concat(parts).toString();
};

interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly file: FormField;
}

/** The fields up to the file: S3 takes no notice of what comes after it. */
const readForm = async (request: S3Request): Promise<Form> => {
  const fields = new Map<string, string>();
  let room = longestFields;
  // Not a for-await loop: leaving one would end the generator while the file is still to be read from it.
  const form = formFields(request.body(), request.headers['content-type'] ?? '');
  for (;;) {
    const { value: field, done } = await form.next();
    if (done) throw invalidArgument('POST requires exactly one file upload per request.');
    if (field.name.toLowerCase() === 'file') return { fields, file: field };
    const text = await smallText(field.content, room);
    room -= text.length;
    fields.set(field.name.toLowerCase(), text);
  }
};

/** The access key that signed the policy. Throws AccessDenied, InvalidAccessKeyId or SignatureDoesNotMatch (403). */
const signerOf = (fields: ReadonlyMap<string, string>, identities: Identities): string => {
  const policy = fields.get('policy');
  const [accessKeyId = '', day = '', region = ''] = fields.get('x-amz-credential')?.split('/') ?? [];
  if (policy === undefined || accessKeyId === '') throw accessDenied();
  const secret = identities.secretFor(accessKeyId);
  if (secret === undefined) {
    throw new S3Error('InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist.');
  }
  const wanted = Buffer.from(policySignature(secret, day, region, policy));
  const given = Buffer.from(fields.get('x-amz-signature') ?? '');
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) {
    throw new S3Error('SignatureDoesNotMatch', 403, 'The policy is not signed by the key that it names.');
  }
  return accessKeyId;
};

async function* withinRange(content: AsyncIterable<Buffer>, { least, most }: LengthRange): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const piece of content) {
    length += piece.length;
    if (length > most) {
      throw new S3Error('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size');
    }
    yield piece;
  }
  if (length < least) throw new S3Error('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum.');
}

export const formUpload = async (
  request: S3Request,
  s3: S3State,
  identities: Identities,
  admit: (accessKeyId: string, request: S3Request) => S3Call,
): Promise<Reply> => {
  const { fields, file } = await readForm(request);
  const accessKeyId = signerOf(fields, identities);
  const key = fields.get('key')?.replace(/\$\{filename\}/g, () => file.fileName ?? '');
  if (!key) throw invalidArgument("Bucket POST must contain a field named 'key'.");
  const named = new Map([...fields, ['bucket', request.bucket], ['key', key]]);
  const range = checkPostPolicy(fields.get('policy') ?? '', named, s3.clock.now());
  const headers: Headers = Object.fromEntries(fields);
  const call = admit(accessKeyId, { ...request, key, headers });
  call.authorize('s3:PutObject', { createsObject: true });
  authorizeExtras(call);
  const bucket = findBucket(s3, request.bucket);
  refuseLongKey(key);
  const received = await receiveBody(s3.bodies, headers, withinRange(file.content, range), {
    fallback: 'CRC64NVME',
    lengthAnnounced: false,
  });
  const stored = objectHeaders(bucket, headers);
  const version = commitObject(
    s3,
    bucket,
    {
      key,
      body: received.body,
      etag: entityTag(stored, received.md5),
      headers: stored,
      checksums: received.checksums,
      checksumType: 'FULL_OBJECT',
      tags: tagsOf(headers),
      lock: lockHeadersOf(headers),
    },
    {},
    'ObjectCreated:Post',
  );
  const status = Number(fields.get('success_action_status') ?? 204);
  const location = `/${bucket.name}/${encodeURIComponent(key)}`;
  const replyHeaders = {
    etag: quoted(version.etag),
    location,
    ...versionHeader(bucket, version),
    ...encryptionHeaders(stored),
    ...checksumHeaders(version),
  };
  if (status !== 201) return { status: status === 200 ? 200 : 204, headers: replyHeaders };
  return {
    status,
    headers: replyHeaders,
    document: xmlDocument(
      'PostResponse',
      leaf('Location', location),
      leaf('Bucket', bucket.name),
      leaf('Key', key),
      leaf('ETag', quoted(version.etag)),
    ),
  };
};
