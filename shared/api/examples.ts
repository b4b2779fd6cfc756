import { meanings } from '../delivery/states.ts';
import type { ManifestInput } from '../submission/manifest.ts';
import { custody } from './custody.ts';

/** The examples of docs/api/openapi.yaml; a test holds them to the schemas. Nobody in them exists. */

const documentId = 'f6a1cbb5-55f1-5ccf-9dd1-4c7bd5bd6c33';
const sha256 = '2227efd0a2a651c15a9f0f5c8fbca6e884e34f236a69dc9614781ec57d1d4958';
const uploadId = '0b9e64a5-6e1c-4f0e-8a43-0d1f9b7f0f0d';
const photoSha256 = '9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0';
const photoUploadId = 'a0f7a9fd-6c2c-4fd5-9d2c-3a9f1d1d0c55';
const encounterId = '3f2b8c1e-7d54-4b0a-9c36-5a1e8d0f4b72';

const manifest: ManifestInput = {
  patient: {
    nhsNumber: '9691375087',
    nhsNumberStatus: '01',
    family: 'Fernández-Hughes',
    given: ['María', 'Jane'],
    prefix: 'Mrs',
    birthDate: '1957-01-09',
  },
  practitioner: { sdsUserId: '555000000101', roleProfileId: '555000000102', family: 'Adeyemi', given: ['Ruth'] },
  encounterId,
  version: 1,
  documentType: { code: '371531000' },
  confidential: false,
  consultation: {
    startedAt: '2024-03-18T09:40:00+00:00',
    endedAt: '2024-03-18T09:58:00+00:00',
    savedAt: '2024-03-18T10:04:00+00:00',
  },
  registeredPractice: {
    odsCode: 'Y12345',
    name: 'Willow Lane Surgery',
    lookedUpAt: '2024-03-18T09:35:00+00:00',
  },
  pdf: { sha256 },
  actor: { userId: '555000000101', roleId: '555000000102' },
};

export const examples = {
  uploadRequest: { size: 182_340, sha256 },
  uploadAnswer: {
    uploadId,
    url: 'https://bucket.s3.eu-west-2.amazonaws.com/',
    fields: {
      key: `uploads/RX1/${uploadId}.pdf`,
      'Content-Type': 'application/pdf',
      'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
      Policy: '…',
      'X-Amz-Signature': '…',
    },
    expiresAt: '2024-03-18T10:20:00.000Z',
  },
  submissionRequest: {
    manifest: {
      ...manifest,
      attachments: [
        { name: 'wound.jpg', contentType: 'image/jpg', title: 'Photograph of the wound', sha256: photoSha256 },
      ],
    },
    upload: { uploadId },
    attachments: [{ name: 'wound.jpg', uploadId: photoUploadId }],
  },
  submissionAnswer: {
    documentId,
    state: 'RECEIVED',
    custody: custody.taken,
  },
  documentAnswer: {
    documentId,
    encounterId,
    version: 1,
    revision: 9,
    receivedAt: '2024-03-18T10:05:02.113Z',
    state: 'SENT',
    meaning: meanings.SENT.meaning,
    whoseMove: meanings.SENT.whoseMove,
    routedTo: {
      mailboxId: 'Y12345OT001',
      odsCode: 'Y12345',
      organisation: 'Willow Lane Surgery',
      at: '2024-03-18T10:10:00.000Z',
    },
    history: [
      { at: '2024-03-18T10:05:02.113Z', what: 'received' },
      { at: '2024-03-18T10:05:02.790Z', what: 'composed' },
      { at: '2024-03-18T10:05:04.006Z', what: 'sent' },
      { at: '2024-03-18T10:10:00.000Z', what: 'routed by MESH', detail: 'Y12345' },
    ],
    requests: [{ requestId: '6e0f5a54-8f0c-4c11-9a3b-0c9f6d1c2b3a', correlationId: 'visit-4711' }],
  },
  listAnswer: {
    documents: [{ documentId, state: 'SENT', whoseMove: 'the practice', updatedAt: '2024-03-18T10:05:04.006Z' }],
    cursor: 'eyJkIjoiZjZhMWNiYjUifQ',
  },
  pingAnswer: { status: 'up' },
  statusAnswer: { status: 'up', records: 'up', storage: 'up' },
  statusDown: { status: 'down', records: 'up', storage: 'down' },
} as const;
