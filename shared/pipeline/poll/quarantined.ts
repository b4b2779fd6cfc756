import { type Quarantined, type QuarantinedReport, suggestionsFor } from '../../delivery/quarantine.ts';
import type { MeshReport as RecordedReport } from '../../delivery/record.ts';
import type { ItkResponse, ResponseReading } from '../../itk3/response.ts';
import type { MeshHeaders } from '../../mesh/mesh-headers.ts';
import type { OdsCode } from '../../platform/ids.ts';
import type { Table } from '../../platform/table.ts';
import { listSenders } from '../../senders/registry.ts';
import { fitMailbox, fitMeshId, fitResponseCode, fitUuid } from './fit.ts';

/** What an item of the quarantine says: only what is formed like a code, an id or a time. */

export const quarantinedReport = (
  { code, event, delivered, advice }: RecordedReport,
  linked: string | undefined,
): QuarantinedReport => {
  const linkedMessageId = fitMeshId(linked);
  return {
    code,
    ...(event === undefined ? {} : { event }),
    ...(delivered ? { delivered } : {}),
    ...(linkedMessageId === undefined ? {} : { linkedMessageId }),
    advice,
  };
};

/** `None` is what receivers write where they have no reference. */
const referenceOf = ({ senderReference }: ItkResponse): string | undefined =>
  senderReference !== undefined && /^[A-Za-z0-9._-]{1,100}$/.test(senderReference) && senderReference !== 'None'
    ? senderReference
    : undefined;

const responseFacts = (response: ItkResponse): NonNullable<Quarantined['response']> => {
  const { codes, level, polarity, responderOds, timestamp } = response;
  const inResponseTo = fitUuid(response.inResponseTo);
  const madeAt = Date.parse(timestamp ?? '');
  return {
    codes: codes.map(({ code }) => fitResponseCode(code)),
    level,
    polarity,
    ...(inResponseTo === undefined ? {} : { inResponseTo }),
    ...(responderOds === undefined ? {} : { responderOds: responderOds as OdsCode }),
    ...(Number.isNaN(madeAt) ? {} : { madeAt }),
  };
};

const whyUnmatched = (report: RecordedReport | undefined, reading: ResponseReading | undefined): string => {
  if (report) return 'a report that names no message';
  switch (reading?.kind) {
    case 'response':
      return reading.inResponseTo === undefined ? 'does not say what it answers' : 'answers no message of this mailbox';
    case 'not-a-response':
      return 'is no ITK3 response';
    case 'unreadable':
      return `cannot be read: ${reading.reason}`;
    default:
      return 'cannot be read';
  }
};

/** All of them: whose settings name another mailbox now may have sent through this one before. */
const sendersOf = async (table: Table): Promise<readonly OdsCode[]> =>
  (await listSenders(table)).map(({ setting }) => setting.odsCode);

/** With the documents that a response may be about: suggestions for a person, found by nothing that correlates. */
export const quarantinedMessage = async (
  table: Table,
  mailboxId: string,
  at: number,
  headers: MeshHeaders,
  read: { readonly report?: RecordedReport | undefined; readonly reading?: ResponseReading | undefined },
): Promise<Quarantined> => {
  const { report, reading } = read;
  const workflowId = headers.workflowId;
  const fromMailboxId = fitMailbox(headers.from);
  const response = reading?.kind === 'response' ? responseFacts(reading) : undefined;
  const reference = reading?.kind === 'response' ? referenceOf(reading) : undefined;
  const suggestions =
    reference === undefined
      ? []
      : await suggestionsFor(table, await sendersOf(table), mailboxId, {
          reference,
          ...(response?.responderOds === undefined ? {} : { responderOds: response.responderOds }),
        });
  return {
    mailboxId,
    at,
    why: whyUnmatched(report, reading),
    ...(workflowId !== undefined && /^[A-Z0-9_]{1,50}$/i.test(workflowId) ? { workflowId } : {}),
    ...(fromMailboxId === undefined ? {} : { fromMailboxId }),
    ...(response === undefined ? {} : { response }),
    ...(report === undefined ? {} : { report: quarantinedReport(report, headers.linkedMessageId) }),
    ...(suggestions.length === 0 ? {} : { suggestions }),
  };
};
