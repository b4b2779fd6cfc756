import { currentComposition, type DocumentRecord } from '../../delivery/record.ts';
import type { Table } from '../../platform/table.ts';
import { pausedWhat, pauseOver } from '../../senders/pause.ts';
import { readMailbox, readSender } from '../../senders/registry.ts';
import { byWhom } from '../pausing.ts';

/** What keeps a document from going now that is let go: a pause, or a mailbox that MESH refuses. It goes once that is over. */
export const inTheWay = async (table: Table, record: DocumentRecord): Promise<readonly string[]> => {
  if (record.holds.length > 0) return [];
  const { senderOds: odsCode } = record;
  const mailboxId =
    currentComposition(record).stored?.mailboxId ?? (await readSender(table, odsCode))?.setting.mailboxId ?? '';
  const mailbox = await readMailbox(table, mailboxId);
  const pause = await pauseOver(table, { odsCode, mailbox });
  const circuit = mailbox?.course.circuit;
  return [
    ...(pause ? [`NOT BEFORE A PAUSE IS OVER: ${pausedWhat(pause.of)} is paused, ${byWhom(pause)}`] : []),
    ...(circuit ? [`NOT BEFORE MESH TAKES MAILBOX ${mailboxId} AGAIN: ${circuit.reason} ${circuit.advice}`] : []),
  ];
};
