import { mailboxFile } from '../../senders/mailbox.ts';
import { putMailbox, readMailbox } from '../../senders/registry.ts';
import { type Command, type CommandContext, type CommandResult, refused, succeeded } from '../command.ts';
import { readFileOf } from '../read-file.ts';

const put = async (file: string, context: CommandContext): Promise<CommandResult> => {
  const read = readFileOf(mailboxFile, file, context);
  if (read.kind === 'problem') return read.result;
  const outcome = await putMailbox(context.table, read.value, context.clock.now());
  const { mailboxId, environment, pollEverySeconds } = read.value;
  const { circuit } = (await readMailbox(context.table, mailboxId))?.course ?? {};
  return succeeded(
    [
      `Mailbox ${mailboxId} ${outcome}: MESH ${environment}, polled every ${pollEverySeconds} seconds, ${circuit ? 'once its circuit is closed' : 'beginning now'}.`,
      ...(circuit ? [`Its circuit is open: ${circuit.reason} It is tried again within five minutes.`] : []),
    ],
    { outcome, mailbox: read.value },
  );
};

const show = async (id: string, { table }: CommandContext): Promise<CommandResult> => {
  const mailbox = await readMailbox(table, id);
  return mailbox ? succeeded([JSON.stringify(mailbox, undefined, 2)], mailbox) : refused(`There is no mailbox ${id}.`);
};

export const mailboxCommands: readonly Command[] = [
  {
    words: 'mailbox put',
    takes: ['FILE'],
    does: 'register a MESH mailbox, or change its settings',
    examples: ['mailbox put mailbox-rx1.json --table TABLENAME'],
    run: ([file = ''], _, context) => put(file, context),
  },
  {
    words: 'mailbox show',
    takes: ['ID'],
    does: 'its settings and what is known of it',
    examples: ['mailbox show RX1OT001 --table TABLENAME'],
    run: ([id = ''], _, context) => show(id, context),
  },
];
