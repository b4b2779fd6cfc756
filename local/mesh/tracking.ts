import { isoTime } from '../../shared/platform/clock.ts';
import type { InboxRequest } from './inbox-operations.ts';
import { statusTimestamp } from './message-ids.ts';
import { json, type Reply, refusal, type Version } from './replies.ts';
import type { Directory } from './routing.ts';
import type { MeshSettings } from './settings.ts';
import type { Message } from './store.ts';

export interface TrackingRequest extends InboxRequest {
  readonly directory: Directory;
  readonly settings: MeshSettings;
}

const lengthOf = (message: Message): number => message.parts.reduce((sum, part) => sum + (part?.body.length ?? 0), 0);

const inVersion1 = (message: Message, { directory, settings, mailbox }: TrackingRequest) => {
  const { headers, failure } = message;
  const recipient = message.recipient === undefined ? undefined : directory.mailbox(message.recipient);
  const status = message.state === 'uploading' ? 'accepted' : message.state;
  return {
    addressType: 'ALL',
    checksum: headers['mex-content-checksum'] ?? '',
    chunkCount: message.total,
    contentEncoding: headers['content-encoding'] ?? '',
    downloadTimestamp: message.state === 'acknowledged' ? statusTimestamp(message.stateAt) : '',
    dtsId: message.id,
    expiryTime: statusTimestamp((message.deliveredAt ?? message.acceptedAt) + settings.expiryMs),
    failureDate: failure && statusTimestamp(message.stateAt),
    failureDiagnostic: failure?.description,
    fileName: headers['mex-filename'] ?? `${message.id}.dat`,
    fileSize: lengthOf(message),
    localId: headers['mex-localid'],
    meshRecipientOdsCode: recipient?.odsCode,
    messageId: message.id,
    messageType: 'Data',
    partnerId: headers['mex-partnerid'] ?? '',
    recipient: message.recipient,
    recipientName: recipient?.name,
    recipientOrgCode: recipient?.odsCode,
    recipientOrgName: recipient?.name,
    sender: message.from,
    senderName: mailbox.name,
    senderOdsCode: mailbox.odsCode,
    senderOrgCode: mailbox.odsCode,
    senderOrgName: mailbox.name,
    status: status.charAt(0).toUpperCase() + status.slice(1),
    statusCode: failure?.code ?? '00',
    statusDescription: failure?.description,
    statusEvent: failure?.event,
    statusSuccess: failure ? 'ERROR' : 'SUCCESS',
    statusTimestamp: statusTimestamp(message.stateAt),
    subject: headers['mex-subject'],
    uploadTimestamp: statusTimestamp(message.acceptedAt),
    version: '1.0',
    workflowId: message.workflowId,
  };
};

const inVersion2 = (message: Message, { directory, settings }: TrackingRequest) => {
  const { headers, failure } = message;
  const recipient = message.recipient === undefined ? undefined : directory.mailbox(message.recipient);
  return {
    message_id: message.id,
    local_id: headers['mex-localid'],
    workflow_id: message.workflowId,
    filename: headers['mex-filename'],
    expiry_time: isoTime((message.deliveredAt ?? message.acceptedAt) + settings.expiryMs),
    upload_timestamp: isoTime(message.acceptedAt),
    recipient: message.recipient,
    recipient_name: recipient?.name,
    recipient_ods_code: recipient?.odsCode,
    recipient_org_code: recipient?.odsCode,
    recipient_org_name: recipient?.name,
    status: message.state === 'uploading' ? 'accepted' : message.state,
    status_success: failure === undefined,
    status_event: failure?.event,
    status_timestamp: isoTime(message.stateAt),
    status_description: failure?.description,
    status_code: failure?.code ?? '00',
  };
};

const untracked = (version: Version, id: string) =>
  refusal(version, 404, { event: 'TRACK', code: '20', msg: 'Message does not exist' }, id);

/** Of one's own messages only: another's is said not to exist. */
export const track = (request: TrackingRequest): Reply => {
  const id = request.query.get('messageID') ?? '';
  const message = request.store.find(id);
  if (message?.from !== request.mailbox.mailboxId) return untracked(request.version, id);
  return json(200, request.version === 1 ? inVersion1(message, request) : inVersion2(message, request));
};

/** Deprecated, and v1 only: 300 where a local id was used twice. */
export const trackByLocalId = (request: TrackingRequest): Reply => {
  const { store, mailbox, version } = request;
  const [localId = ''] = request.parameters;
  const own = store.underLocalId(mailbox.mailboxId, localId);
  const [message] = own;
  if (!message) return untracked(version, localId);
  if (own.length > 1) return refusal(version, 300, { event: 'TRACK', msg: 'Local id is not unique' });
  return json(200, inVersion1(message, request));
};
