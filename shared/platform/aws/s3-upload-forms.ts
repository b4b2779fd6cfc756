import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { UploadForms } from '../objects.ts';

/** Presigned POST: its policy can hold a file to a length and a checksum, which a presigned PUT cannot. */
export const s3UploadForms = (bucket: string, client = new S3Client({})): UploadForms => ({
  async formFor({ key, contentType, size, sha256, lifeSeconds }) {
    const { url, fields } = await createPresignedPost(client, {
      Bucket: bucket,
      Key: key,
      Expires: lifeSeconds,
      // What stands in the fields is demanded word for word by the policy.
      Fields: {
        'Content-Type': contentType,
        'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
        success_action_status: '201',
      },
      Conditions: [['content-length-range', size, size]],
    });
    return { url, fields };
  },
});
