import { putSender, readMailbox, readSender } from '../../senders/registry.ts';
import { senderFile } from '../../senders/sender.ts';
import { type Command, type CommandContext, type CommandResult, refused, succeeded } from '../command.ts';
import { readFileOf } from '../read-file.ts';

const put = async (file: string, context: CommandContext): Promise<CommandResult> => {
  const read = readFileOf(senderFile, file, context);
  if (read.kind === 'problem') return read.result;
  const sender = read.value;
  const mailbox = await readMailbox(context.table, sender.mailboxId);
  if (!mailbox) {
    return refused(
      `Sender ${sender.odsCode} names mailbox ${sender.mailboxId}, which is not registered: put the mailbox first.`,
    );
  }
  const outcome = await putSender(context.table, sender);
  return succeeded(
    [
      `Sender ${sender.odsCode} ${outcome}: drops under inbox/${sender.odsCode}/ go out through mailbox ${sender.mailboxId} (${mailbox.setting.environment}).`,
    ],
    { outcome, sender },
  );
};

const show = async (odsCode: string, { table }: CommandContext): Promise<CommandResult> => {
  const sender = await readSender(table, odsCode);
  return sender ? succeeded([JSON.stringify(sender, undefined, 2)], sender) : refused(`There is no sender ${odsCode}.`);
};

export const senderCommands: readonly Command[] = [
  {
    words: 'sender put',
    takes: ['FILE'],
    does: 'register a sending organisation, or change its settings',
    examples: ['sender put sender-rx1.json --table TABLENAME'],
    run: ([file = ''], _, context) => put(file, context),
  },
  {
    words: 'sender show',
    takes: ['ODS'],
    does: 'its settings',
    examples: ['sender show RX1 --table TABLENAME'],
    run: ([odsCode = ''], _, context) => show(odsCode, context),
  },
];
