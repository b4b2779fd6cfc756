import { meshKey } from '../../delivery/keys.ts';
import { type ResponseReading, readResponse } from '../../itk3/response.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { Configuration, Transient } from '../../mesh/outcomes.ts';
import { parseReport } from '../../mesh/reports.ts';
import { type AnswerOutcome, applyReport, applyResponse } from './apply-answer.ts';
import type { PollContext } from './context.ts';
import { quarantine, rememberForeign } from './set-aside.ts';
import { readBody, storeRaw } from './store-raw.ts';
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

/**
 * One inbox message: whose it is, raw bytes first, then its effect, and MESH's copy is destroyed last (DESIGN 4).
 * What is not ours is left untouched for its owner.
 */
export const takeMessage = async (
  context: PollContext,
  client: MeshClient,
  mailbox: { readonly mailboxId: string; readonly shared: boolean },
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
  const report = parseReport(headers);
  const reading = report ? undefined : readResponse(body);

  const apply = (): Promise<AnswerOutcome> | AnswerOutcome => {
    if (report) return applyReport(context, mailboxId, id, report);
    return reading?.kind === 'response' ? applyResponse(context, mailboxId, id, reading) : 'unmatched';
  };
  const store = () => storeRaw(context.archive, mailboxId, id, headers, body);

  if (whose.kind === 'body-decides' || mailbox.shared) {
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
    await quarantine(context, id, {
      mailboxId,
      at: context.clock.now(),
      why: whyUnmatched(report !== undefined, reading?.kind),
      ...(headers.workflowId === undefined ? {} : { workflowId: headers.workflowId }),
    });
    return acknowledge(client, id, 'quarantined');
  }
  return acknowledge(client, id, outcome);
};

const whyUnmatched = (isReport: boolean, reading: ResponseReading['kind'] | undefined): string => {
  if (isReport) return 'a report that names no message';
  switch (reading) {
    case 'response':
      return 'answers no message of this mailbox';
    case 'not-a-response':
      return 'is no ITK3 response';
    default:
      return 'cannot be read';
  }
};

const acknowledge = async (client: MeshClient, id: string, outcome: AnswerOutcome | 'quarantined'): Promise<Taken> => {
  const acknowledged = await client.acknowledge(id);
  if (acknowledged.kind === 'transient' || acknowledged.kind === 'configuration') {
    return { kind: 'stop', fault: acknowledged };
  }
  return { kind: 'taken', outcome };
};
