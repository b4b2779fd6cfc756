import { applyEvent, readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { parkedLimit } from '../../delivery/due.ts';
import { headerKey, meshKey, parkedKey } from '../../delivery/keys.ts';
import { type HeaderItem, type MeshItem, type ParkedItem, performWork } from '../../delivery/perform-work.ts';
import type { Composition, MeshReport as RecordedReport } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { profileOfWorkflow } from '../../itk3/profiles.ts';
import type { ItkResponse } from '../../itk3/response.ts';
import { responseCode } from '../../itk3/response-codes.ts';
import type { MeshReport } from '../../mesh/reports.ts';
import type { DocumentId, MailboxId, MeshMessageId, MessageHeaderId } from '../../platform/ids.ts';
import { change } from '../../platform/table.ts';
import { meshAdvice } from '../mesh-advice.ts';
import { noteOwed } from './acknowledge-responses.ts';
import type { PollContext } from './context.ts';
import { fitCode, fitFhirId, fitMailbox, fitResponseCode } from './fit.ts';

/** What an inbox message did. `unmatched`: no record of ours, or not from the mailbox that sent it. */
export type AnswerOutcome = 'applied' | 'duplicate' | 'unmatched' | 'parked';

const settled = async (context: PollContext, record: StoredRecord | undefined, what: string): Promise<void> => {
  if (!record) return;
  await performWork(context, record);
  const state = stateOf(record);
  context.log.info('ANSWER_APPLIED', { documentId: record.documentId, state, what });
};

/**
 * An ITK3 response: matched by the MessageHeader id that it answers, within the mailbox that sent it, and by nothing
 * else. `whenApplied` may be late; reduce makes a repetition a counted no-op.
 */
export const applyResponse = async (
  context: PollContext,
  mailbox: { readonly mailboxId: string; readonly acknowledgeResponses?: boolean | undefined },
  inbound: { readonly meshMessageId: string; readonly from: string | undefined; readonly bodySha256?: string },
  response: ItkResponse,
): Promise<AnswerOutcome> => {
  const { mailboxId } = mailbox;
  const { meshMessageId, from, bodySha256 } = inbound;
  if (response.inResponseTo === undefined) return 'unmatched';
  const header = await context.table.read<HeaderItem>(headerKey(response.inResponseTo));
  if (!header) return 'unmatched';
  const documentId = header.documentId as DocumentId;
  const record = await readDocument(context.table, documentId);
  const composition = record?.compositions.find(({ number }) => number === header.composition);
  if (!record || !composition || composition.stored?.mailboxId !== mailboxId) return 'unmatched';
  const fromMailboxId = fitMailbox(from);
  // An answer without a code says nothing positive: it is negative, under a code of its own.
  const codes = response.codes.length > 0 ? response.codes.map(({ code }) => fitResponseCode(code)) : ['NO_CODE'];
  let outcome: AnswerOutcome = 'duplicate';
  for (const code of codes) {
    const { level, polarity } = responseCode(code);
    const applied = await applyEvent(context, documentId, {
      kind: 'acknowledged',
      messageHeaderId: response.inResponseTo as MessageHeaderId,
      // A code nobody knows ends the matter like a refusal of the message itself.
      level: level === 'business' ? 'business' : 'infrastructure',
      acknowledgement: {
        at: context.clock.now(),
        code,
        polarity,
        inboundMessageId: meshMessageId as MeshMessageId,
        ...(bodySha256 === undefined ? {} : { bodySha256 }),
        mailboxId: mailboxId as MailboxId,
        ...(response.responderOds === undefined ? {} : { responderOds: response.responderOds }),
        ...(fromMailboxId === undefined ? {} : { fromMailboxId }),
      },
    });
    if (applied.kind === 'changed') {
      outcome = 'applied';
      await settled(context, applied.record, applied.what);
    } else {
      context.measure.count('DuplicateAcknowledgements');
      context.log.info('ANSWER_REPEATED', { documentId, resultCode: code, why: applied.why });
    }
  }
  if (mailbox.acknowledgeResponses) {
    await acknowledgeLater(context, { record, composition, response, to: fromMailboxId, mailboxId });
  }
  return outcome;
};

/** Only a business response is acknowledged, and only one that asks for it: so nothing goes to and fro (3.1 rule 4). */
const acknowledgeLater = async (
  context: PollContext,
  answered: {
    readonly record: StoredRecord;
    readonly composition: Composition;
    readonly response: ItkResponse;
    readonly to: MailboxId | undefined;
    readonly mailboxId: string;
  },
): Promise<void> => {
  const { record, composition, response, to } = answered;
  const asked = response.infAckRequested && response.codes.some(({ code }) => responseCode(code).level === 'business');
  const workflowId = profileOfWorkflow(composition.stored?.workflowId ?? '')?.ackWorkflowId;
  const responseId = fitFhirId(response.messageHeaderId);
  if (!asked || to === undefined || workflowId === undefined) return;
  if (responseId === undefined) {
    context.log.warn('RESPONSE_CANNOT_BE_ACKNOWLEDGED', { documentId: record.documentId, why: 'it has no id' });
    return;
  }
  const now = context.clock.now();
  await noteOwed(context, {
    documentId: record.documentId,
    senderOds: record.senderOds,
    mailboxId: answered.mailboxId as MailboxId,
    to,
    workflowId,
    messageHeaderId: composition.messageHeaderId,
    responseId,
    at: now,
    doubts: 0,
    waitUntil: now,
  });
};

/** How a report goes into a record, or with the quarantine: MESH's own text stays in the archive. */
export const recordedReport = (report: MeshReport, meshMessageId: string, at: number): RecordedReport => ({
  at,
  code: fitCode(report.statusCode || 'NO_CODE'),
  ...(report.statusEvent === undefined ? {} : { event: fitCode(report.statusEvent) }),
  ...(report.delivered ? { delivered: true as const } : {}),
  inboundMessageId: meshMessageId as MeshMessageId,
  advice: `${describeFitCode(report)} ${meshAdvice(report.statusCode, report.advice)}`,
});

/** A code that nobody knows stands in its own meaning. */
const describeFitCode = ({ meaning, statusCode }: MeshReport): string =>
  fitCode(statusCode || 'NO_CODE') === 'UNREADABLE_CODE' ? 'MESH gave a code that cannot be read.' : meaning;

/** With more about one message something else is wrong: they are in the archive. */
const parkedReports = 20;

const withReport = (stored: ParkedItem, report: RecordedReport): ParkedItem | undefined =>
  stored.reports.length >= parkedReports ||
  stored.reports.some(({ inboundMessageId }) => inboundMessageId === report.inboundMessageId)
    ? undefined
    : { ...stored, reports: [...stored.reports, report] };

/** A MESH report: matched by the MESH id that it names; parked where it came before our own write of that id. */
export const applyReport = async (
  context: PollContext,
  mailboxId: string,
  linked: string | undefined,
  recorded: RecordedReport,
): Promise<AnswerOutcome> => {
  if (linked === undefined) return 'unmatched';
  const known = () => context.table.read<MeshItem>(meshKey(linked));
  let item = await known();
  if (!item) {
    await change<ParkedItem, undefined>(context.table, parkedKey(linked), (stored) => {
      const parked = stored ? withReport(stored, recorded) : { reports: [recorded], mailboxId, at: recorded.at };
      return parked
        ? { kind: 'put', item: parked, indexed: { nextCheckAt: parked.at + parkedLimit }, result: undefined }
        : { kind: 'keep', result: undefined };
    });
    // Our own write may have come between the look and the parking: whoever is second sees both.
    item = await known();
    if (!item) return 'parked';
  }
  const applied = await applyEvent(context, item.documentId as DocumentId, {
    kind: 'reported',
    meshMessageId: linked as MeshMessageId,
    report: recorded,
  });
  if (applied.kind === 'no-op') return 'duplicate';
  await settled(context, applied.record, applied.what);
  return 'applied';
};
