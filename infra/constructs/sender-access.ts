import { ArnPrincipal, CompositePrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { inboxPrefix, receiptsPrefix } from '../../shared/platform/names.ts';
import type { StageSettings } from '../config/stage-settings.ts';
import { allow } from '../nag.ts';

export interface SenderAccessProps {
  readonly sender: StageSettings['senders'][number];
  readonly drops: Bucket;
  readonly key: IKey;
}

/**
 * What one organisation may do: write under `inbox/{ods}/`, read under `receipts/{ods}/`, list both. The slash after
 * the code is what keeps RX1 out of RX10's drops.
 */
export class SenderAccess extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { sender, drops, key }: SenderAccessProps) {
    super(scope, id);
    const inbox = `${inboxPrefix}${sender.odsCode}/`;
    const receipts = `${receiptsPrefix}${sender.odsCode}/`;
    this.role = new Role(this, 'Role', {
      assumedBy: new CompositePrincipal(...sender.principalArns.map((arn) => new ArnPrincipal(arn))),
      description: `Drops documents and reads receipts as organisation ${sender.odsCode}`,
    });
    allow(this.role, {
      // A drop is written, never read back or deleted: what becomes of it stands in its receipt.
      actions: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      resources: [drops.arnForObjects(`${inbox}*`)],
      wildcard: 'objects-of-prefix',
    });
    allow(this.role, {
      actions: ['s3:GetObject'],
      resources: [drops.arnForObjects(`${receipts}*`)],
      wildcard: 'objects-of-prefix',
    });
    // A list that names no prefix would show other organisations' names, so the condition must be met, not only not
    // broken; the price is that a receipt that is not there yet answers 403 to this role, not 404.
    allow(this.role, {
      actions: ['s3:ListBucket'],
      resources: [drops.bucketArn],
      conditions: { StringLike: { 's3:prefix': [`${inbox}*`, `${receipts}*`] } },
    });
    allow(this.role, {
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      resources: [key.keyArn],
      // With a bucket key the encryption context is the bucket: this role cannot decrypt anything of another one.
      conditions: { StringEquals: { 'kms:EncryptionContext:aws:s3:arn': drops.bucketArn } },
    });
  }
}
