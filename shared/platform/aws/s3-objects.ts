import { Readable } from 'node:stream';
import {
  ChecksumMode,
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Objects } from '../objects.ts';

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

const missing = (error: unknown): undefined => {
  // 405: the version named is a delete marker.
  if (statusOf(error) === 404 || statusOf(error) === 405) return undefined;
  throw error;
};

const conflict = (error: unknown): 'conflict' => {
  // 412: the condition failed; 404: If-Match on what is gone. Not 409: another conditional write is under way and may
  // still fail, so nothing is known yet and the call is made again.
  if ([404, 412].includes(statusOf(error) ?? 0)) return 'conflict';
  throw error;
};

const repeatable = 256 << 10;

const bytesOf = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
};

const triesOnConflict = 5;

/** Makes a conditional write again while S3 says that another one is under way (409). */
const decided = async (write: () => Promise<unknown>): Promise<'written' | 'conflict'> => {
  for (let attempt = 1; ; attempt++) {
    try {
      await write();
      return 'written';
    } catch (error) {
      if (statusOf(error) !== 409 || attempt === triesOnConflict) return conflict(error);
    }
  }
};

/** A client of an S3 that is somewhere else than AWS. */
export const s3At = (config: {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}): S3Client => new S3Client(config);

export const s3Objects = (bucket: string, client = new S3Client({})): Objects => ({
  bucket,
  async get(key, { versionId, range } = {}) {
    const answer = await client
      .send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(versionId === undefined ? {} : { VersionId: versionId }),
          ...(range === undefined ? {} : { Range: `bytes=${range.from}-${range.to - 1}` }),
        }),
      )
      .catch(missing);
    if (!answer?.Body) return undefined;
    const stream = answer.Body;
    return {
      body: stream as AsyncIterable<Uint8Array> & typeof stream,
      discard: () => void (stream instanceof Readable && stream.destroy()),
      size: answer.ContentLength ?? 0,
      etag: answer.ETag ?? '',
      lastModified: answer.LastModified?.getTime() ?? 0,
      metadata: answer.Metadata ?? {},
    };
  },
  async head(key) {
    const answer = await client
      .send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: ChecksumMode.ENABLED }))
      .catch(missing);
    if (!answer) return undefined;
    const sha256 = answer.ChecksumSHA256 && Buffer.from(answer.ChecksumSHA256, 'base64').toString('hex');
    return {
      versionId: answer.VersionId ?? 'null',
      size: answer.ContentLength ?? 0,
      etag: answer.ETag ?? '',
      ...(sha256 ? { sha256 } : {}),
    };
  },
  put: (key, body, { contentType = 'application/json', ifMatch, ifNew, metadata } = {}) =>
    decided(() =>
      client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentType: contentType,
          ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
          ...(ifNew ? { IfNoneMatch: '*' } : {}),
          ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
        }),
      ),
    ),
  async upload(key, body, contentType, { ifNew } = {}) {
    const upload = new Upload({
      client,
      params: {
        Bucket: bucket,
        Key: key,
        Body: Readable.from(body, { objectMode: false }),
        ContentType: contentType,
        ...(ifNew ? { IfNoneMatch: '*' } : {}),
      },
      queueSize: 2,
      partSize: 8 << 20,
    });
    await upload.done().catch((error: unknown) => {
      if (!(ifNew && statusOf(error) === 412)) throw error;
    });
  },
  remove: (key, { ifMatch } = {}) =>
    client
      .send(
        new DeleteObjectCommand({ Bucket: bucket, Key: key, ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }) }),
      )
      .then(
        () => 'removed' as const,
        (error: unknown) => (statusOf(error) === 404 ? 'removed' : conflict(error)),
      ),
  async copyFrom(source, sourceKey, key) {
    // Not CopyObject: a bucket that enforces conditional writes may refuse it, and PutObject it must take.
    const found = await source.get(sourceKey);
    if (!found) throw new Error('An object to be copied is gone.');
    // What is small is sent from memory, so that the request can be repeated; a large one is streamed.
    const body =
      found.size <= repeatable ? await bytesOf(found.body) : Readable.from(found.body, { objectMode: false });
    return client
      .send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentLength: found.size,
          IfNoneMatch: '*',
        }),
      )
      .then(() => 'written' as const, conflict)
      .finally(() => found.discard());
  },
  copyWithin: (sourceKey, key, ifMatch) =>
    client
      .send(
        new CopyObjectCommand({
          Bucket: bucket,
          Key: key,
          CopySource: `${bucket}/${sourceKey.split('/').map(encodeURIComponent).join('/')}`,
          CopySourceIfMatch: ifMatch,
        }),
      )
      .then(() => 'written' as const, conflict),
  async *list(prefix, after) {
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(after === undefined ? {} : { StartAfter: after }),
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: Key, size: Size, lastModified: LastModified?.getTime() ?? 0 };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  },
});
