import type { z } from 'zod';
import { clientFile } from '../callers/client.ts';
import { putClient, readClient } from '../callers/registry.ts';
import type { Clock } from '../platform/clock.ts';
import type { Table } from '../platform/table.ts';
import { mailboxFile } from '../senders/mailbox.ts';
import { putMailbox, putSender, readMailbox, readSender } from '../senders/registry.ts';
import { senderFile } from '../senders/sender.ts';
import { type ReleaseOptions, releaseDocument } from './release.ts';

/** What a command came to, for a person: lines to print, and whether it did what was asked. */
export interface CommandResult {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

export interface CommandContext {
  readonly table: Table;
  readonly clock: Clock;
  /** A file's text, or undefined where it cannot be read. */
  readonly readText: (path: string) => string | undefined;
}

const failed = (...lines: string[]): CommandResult => ({ ok: false, lines });
const succeeded = (...lines: string[]): CommandResult => ({ ok: true, lines });

/** Reads and validates a file: its value, or every problem at once with its path. */
const validated = <S extends z.ZodType>(
  schema: S,
  file: string,
  { readText }: CommandContext,
): { kind: 'value'; value: z.output<S> } | { kind: 'problem'; result: CommandResult } => {
  const problem = (...lines: string[]) => ({ kind: 'problem' as const, result: failed(...lines) });
  const text = readText(file);
  if (text === undefined) return problem(`Cannot read ${file}.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return problem(`${file} is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { kind: 'value', value: parsed.data };
  return problem(
    `${file} was not put; put these right:`,
    ...parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'the whole file'}: ${issue.message}`),
  );
};

const putSenderFile = async (file: string, context: CommandContext): Promise<CommandResult> => {
  const read = validated(senderFile, file, context);
  if (read.kind === 'problem') return read.result;
  const sender = read.value;
  const mailbox = await readMailbox(context.table, sender.mailboxId);
  if (!mailbox) {
    return failed(
      `Sender ${sender.odsCode} names mailbox ${sender.mailboxId}, which is not registered: put the mailbox first.`,
    );
  }
  const outcome = await putSender(context.table, sender);
  return succeeded(
    `Sender ${sender.odsCode} ${outcome}: drops under inbox/${sender.odsCode}/ go out through mailbox ${sender.mailboxId} (${mailbox.setting.environment}).`,
  );
};

const putMailboxFile = async (file: string, context: CommandContext): Promise<CommandResult> => {
  const read = validated(mailboxFile, file, context);
  if (read.kind === 'problem') return read.result;
  const outcome = await putMailbox(context.table, read.value, context.clock.now());
  const { mailboxId, environment, pollEverySeconds } = read.value;
  const { circuit } = (await readMailbox(context.table, mailboxId))?.course ?? {};
  return succeeded(
    `Mailbox ${mailboxId} ${outcome}: MESH ${environment}, polled every ${pollEverySeconds} seconds, ${circuit ? 'once its circuit is closed' : 'beginning now'}.`,
    ...(circuit ? [`Its circuit is open: ${circuit.reason} It is tried again within five minutes.`] : []),
  );
};

const putClientFile = async (file: string, context: CommandContext): Promise<CommandResult> => {
  const read = validated(clientFile, file, context);
  if (read.kind === 'problem') return read.result;
  const { clientId, odsCode, scopes } = read.value;
  if (!(await readSender(context.table, odsCode))) {
    return failed(`Client ${clientId} calls for sender ${odsCode}, which is not registered: put the sender first.`);
  }
  const outcome = await putClient(context.table, read.value);
  return succeeded(
    `Client ${clientId} ${outcome}: it calls the API for ${odsCode} with ${scopes.join(' and ')}.`,
    // The gateway keeps an answer of the authoriser so long.
    ...(outcome === 'replaced' ? ['What it could do before may go on for a minute at most.'] : []),
  );
};

const show = async (what: string, found: Promise<object | undefined>): Promise<CommandResult> => {
  const item = await found;
  return item ? succeeded(JSON.stringify(item, undefined, 2)) : failed(`No such ${what}.`);
};

export const usage = [
  'Usage: npm run operate -- COMMAND [--dir FOLDER | --table NAME]',
  '  mailbox put FILE     register a MESH mailbox, or change its settings',
  '  mailbox show ID      its settings and what is known of it',
  '  sender put FILE      register a sending organisation, or change its settings',
  '  sender show ODS      its settings',
  '  client put FILE      let a client of your token issuer call the API for an organisation, or change that',
  '  client show ID       for whom it calls, and what it may do',
  '  release DOCUMENT_ID --reason other-patient --by WHO --why WORDS',
  '                       let a document go on whose PDF names another patient',
  '--table NAME is a deployment, under your own AWS credentials; --dir FOLDER a local run, by default that in .local.',
];

export const runCommand = (
  words: readonly string[],
  context: CommandContext,
  options: ReleaseOptions = {},
): Promise<CommandResult> => {
  const [subject, verb, argument, ...rest] = words;
  if (subject === 'release' && verb !== undefined && argument === undefined) {
    return releaseDocument(verb, options, context);
  }
  if (argument !== undefined && rest.length === 0) {
    switch (`${subject} ${verb}`) {
      case 'sender put':
        return putSenderFile(argument, context);
      case 'mailbox put':
        return putMailboxFile(argument, context);
      case 'client put':
        return putClientFile(argument, context);
      case 'client show':
        return show('client', readClient(context.table, argument));
      case 'sender show':
        return show('sender', readSender(context.table, argument));
      case 'mailbox show':
        return show('mailbox', readMailbox(context.table, argument));
    }
  }
  return Promise.resolve(failed(...usage));
};
