import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type DocumentId, documentIdOf, type OdsCode } from '../../shared/platform/ids.ts';

export interface HandedOver {
  readonly documentId: DocumentId;
  readonly odsCode: string;
  readonly name: string;
}

/** Drops a PDF and its manifest as a provider would: two real PutObject calls. */
export const handOver = async (
  s3: S3Client,
  bucket: string,
  odsCode: string,
  name: string,
  pdf: Uint8Array,
  manifest: { readonly encounterId: string; readonly version: number },
): Promise<HandedOver> => {
  const put = (key: string, body: Uint8Array | string, contentType: string) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }));
  await put(`inbox/${odsCode}/${name}.pdf`, pdf, 'application/pdf');
  await put(`inbox/${odsCode}/${name}.json`, JSON.stringify(manifest, undefined, 2), 'application/json');
  return { documentId: documentIdOf(odsCode as OdsCode, manifest.encounterId, manifest.version), odsCode, name };
};
