import { createHash } from 'node:crypto';
import { meshKey } from '../../delivery/keys.ts';
import { readResponse } from '../../itk3/response.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { MeshHeaders } from '../../mesh/mesh-headers.ts';
import type { Configuration, Transient } from '../../mesh/outcomes.ts';
import { parseReport } from '../../mesh/reports.ts';
import { minutes } from '../../platform/clock.ts';
import type { MailboxSetting } from '../../senders/mailbox.ts';
import { type AnswerOutcome, applyReport, applyResponse, recordedReport } from './apply-answer.ts';
import type { PollContext } from './context.ts';
import { quarantinedMessage } from './quarantined.ts';
import { quarantine, rememberForeign } from './set-aside.ts';
import { type Received, readBody, storeRaw } from './store-raw.ts';
import { whoseIs } from './whose.ts';

/** `stop`: MESH or its settings are in the way; the rest of the inbox waits for the next slot. */
export type Taken =
  | { readonly kind: 'taken'; readonly outcome: AnswerOutcome | 'quarantined' }
  | { readonly kind: 'left'; readonly why: 'not ours' | 'gone' | 'refused' }
  | { readonly kind: 'stop'; readonly fault: Configuration | Transient };

const leave = async (context: PollContext, mailboxId: string, id: string): Promise<Taken> => {
  await rememberForeign(context, mailboxId, id);
  return { kind: 'left', why: 'not ours' };
};

/** Longest that one message may take that is much longer than any answer. */
const timeForLong = minutes(1);

/**
 * One inbox message: whose it is, raw bytes first, then its effect, and MESH's copy is destroyed last (DESIGN 4).
 * What is not ours is left untouched for its owner.
 */
export const takeMessage = async (
  context: PollContext,
  client: MeshClient,
  mailbox: MailboxSetting,
  id: string,
): Promise<Taken> => {
  const { mailboxId } = mailbox;
  const head = await client.head(id);
  if (head.kind === 'transient' || head.kind === 'configuration') return { kind: 'stop', fault: head };
  if (head.kind !== 'ok') return { kind: 'left', why: head.kind };
  const whose = whoseIs(head.value.messageType, head.value.workflowId);
  if (whose.kind === 'report-if-known') {
    const linked = head.value.linkedMessageId;
    // Without a workflow it may be ours and have overtaken our own write: looked at again at each poll.
    if (linked !== undefined && head.value.workflowId === undefined && !(await context.table.read(meshKey(linked)))) {
      return { kind: 'left', why: 'not ours' };
    }
    if (linked === undefined || !(await context.table.read(meshKey(linked)))) return leave(context, mailboxId, id);
  }

  const download = await client.download(id);
  if (download.kind === 'transient' || download.kind === 'configuration') return { kind: 'stop', fault: download };
  if (download.kind !== 'ok') return { kind: 'left', why: download.kind };
  const { headers } = download.value;
  const body = await readBody(download.value.body);
  try {
    return await takeRead(context, client, mailbox, id, {
      headers,
      body,
      perhapsOthers: whose.kind === 'body-decides',
    });
  } finally {
    body.discard();
  }
};

/** Of a body that is in memory as a whole; a longer one is no answer. */
const digestOf = ({ bytes, rest }: Received): { readonly bodySha256?: string } =>
  rest ? {} : { bodySha256: createHash('sha256').update(bytes).digest('hex') };

/** Read into memory: applied, stored, acknowledged, in the order that its kind asks for. */
const takeRead = async (
  context: PollContext,
  client: MeshClient,
  mailbox: MailboxSetting,
  id: string,
  message: { readonly headers: MeshHeaders; readonly body: Received; readonly perhapsOthers: boolean },
): Promise<Taken> => {
  const { table, clock, archive } = context;
  const { mailboxId } = mailbox;
  const { headers, body } = message;
  const parsed = parseReport(headers);
  const digest = digestOf(body);
  const report = parsed && { ...recordedReport(parsed, id, clock.now()), ...digest };
  const reading = report ? undefined : readResponse(body.bytes);

  const apply = (): Promise<AnswerOutcome> | AnswerOutcome => {
    if (report) return applyReport(context, mailboxId, headers.linkedMessageId, report);
    return reading?.kind === 'response'
      ? applyResponse(context, mailbox, { meshMessageId: id, from: headers.from, ...digest }, reading)
      : 'unmatched';
  };
  const until = Math.min(clock.now() + timeForLong, context.deadline - timeForLong);
  const store = () => storeRaw(archive, mailboxId, id, headers, body, () => clock.now() < until);

  if (message.perhapsOthers || mailbox.shared) {
    // Perhaps somebody else's: kept only once it is known to be ours, since nobody else's patients belong in our
    // archive. A report that came before our own write is parked, and fetched again until watch knows whose it is.
    const outcome = await apply();
    if (outcome === 'unmatched') return leave(context, mailboxId, id);
    if (outcome === 'parked') return { kind: 'left', why: 'not ours' };
    await store();
    return acknowledge(client, id, outcome);
  }

  await store();
  const outcome = await apply();
  if (outcome === 'unmatched') {
    const item = await quarantinedMessage(table, mailboxId, clock.now(), headers, { report, reading });
    await quarantine(context, id, item);
    return acknowledge(client, id, 'quarantined');
  }
  return acknowledge(client, id, outcome);
};

const acknowledge = async (client: MeshClient, id: string, outcome: AnswerOutcome | 'quarantined'): Promise<Taken> => {
  const acknowledged = await client.acknowledge(id);
  if (acknowledged.kind === 'transient' || acknowledged.kind === 'configuration') {
    return { kind: 'stop', fault: acknowledged };
  }
  return { kind: 'taken', outcome };
};
