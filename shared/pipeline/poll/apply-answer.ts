import { applyEvent, readDocument, type StoredRecord } from '../../delivery/documents.ts';
import { parkedLimit } from '../../delivery/due.ts';
import { headerKey, meshKey, parkedKey } from '../../delivery/keys.ts';
import { type HeaderItem, type MeshItem, type ParkedItem, performWork } from '../../delivery/perform-work.ts';
import type { MeshReport as RecordedReport } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import type { ItkResponse } from '../../itk3/response.ts';
import { responseCode } from '../../itk3/response-codes.ts';
import type { MeshReport } from '../../mesh/reports.ts';
import type { DocumentId, MailboxId, MeshMessageId, MessageHeaderId } from '../../platform/ids.ts';
import { change } from '../../platform/table.ts';
import { meshAdvice } from '../mesh-advice.ts';
import type { PollContext } from './context.ts';

/** What an inbox message did. `unmatched`: no record of ours, or not from the mailbox that sent it. */
export type AnswerOutcome = 'applied' | 'duplicate' | 'unmatched' | 'parked';

/** What somebody else wrote goes into records and logs only if it looks like a code: free text could be anything. */
const fitCode = (code: string): string => (/^[A-Za-z0-9_-]{1,32}$/.test(code) ? code : 'UNREADABLE_CODE');

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
  mailboxId: string,
  meshMessageId: string,
  response: ItkResponse,
): Promise<AnswerOutcome> => {
  if (response.inResponseTo === undefined) return 'unmatched';
  const header = await context.table.read<HeaderItem>(headerKey(response.inResponseTo));
  if (!header) return 'unmatched';
  const documentId = header.documentId as DocumentId;
  const record = await readDocument(context.table, documentId);
  const composition = record?.compositions.find(({ number }) => number === header.composition);
  if (!composition || composition.stored?.mailboxId !== mailboxId) return 'unmatched';
  // An answer without a code says nothing positive: it is negative, under a code of its own.
  const codes = response.codes.length > 0 ? response.codes.map(({ code }) => fitCode(code)) : ['NO_CODE'];
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
        mailboxId: mailboxId as MailboxId,
        ...(response.responderOds === undefined ? {} : { responderOds: response.responderOds }),
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
  return outcome;
};

/** A MESH report: matched by the MESH id that it names; parked where it came before our own write of that id. */
export const applyReport = async (
  context: PollContext,
  mailboxId: string,
  meshMessageId: string,
  report: MeshReport,
): Promise<AnswerOutcome> => {
  const linked = report.linkedMessageId;
  if (linked === undefined) return 'unmatched';
  const recorded: RecordedReport = {
    at: context.clock.now(),
    code: fitCode(report.statusCode || 'NO_CODE'),
    ...(report.statusEvent === undefined ? {} : { event: fitCode(report.statusEvent) }),
    inboundMessageId: meshMessageId as MeshMessageId,
    advice: `${report.meaning} ${meshAdvice(report.statusCode, report.advice)}`,
  };
  const known = () => context.table.read<MeshItem>(meshKey(linked));
  let item = await known();
  if (!item) {
    await change<ParkedItem, undefined>(context.table, parkedKey(linked), (stored) =>
      stored
        ? { kind: 'keep', result: undefined }
        : {
            kind: 'put',
            item: { report: recorded, mailboxId, at: recorded.at },
            indexed: { nextCheckAt: recorded.at + parkedLimit },
            result: undefined,
          },
    );
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
