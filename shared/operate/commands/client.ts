import { clientFile } from '../../callers/client.ts';
import { putClient, readClient } from '../../callers/registry.ts';
import { readSender } from '../../senders/registry.ts';
import { type Command, type CommandContext, type CommandResult, refused, succeeded } from '../command.ts';
import { readFileOf } from '../read-file.ts';

const put = async (file: string, context: CommandContext): Promise<CommandResult> => {
  const read = readFileOf(clientFile, file, context);
  if (read.kind === 'problem') return read.result;
  const { clientId, odsCode, scopes } = read.value;
  if (!(await readSender(context.table, odsCode))) {
    return refused(`Client ${clientId} calls for sender ${odsCode}, which is not registered: put the sender first.`);
  }
  const outcome = await putClient(context.table, read.value);
  return succeeded(
    [
      `Client ${clientId} ${outcome}: it calls the API for ${odsCode} with ${scopes.join(' and ')}.`,
      // The gateway keeps an answer of the authoriser so long.
      ...(outcome === 'replaced' ? ['What it could do before may go on for a minute at most.'] : []),
    ],
    { outcome, client: read.value },
  );
};

const show = async (id: string, { table }: CommandContext): Promise<CommandResult> => {
  const client = await readClient(table, id);
  return client ? succeeded([JSON.stringify(client, undefined, 2)], client) : refused(`There is no client ${id}.`);
};

export const clientCommands: readonly Command[] = [
  {
    words: 'client put',
    takes: ['FILE'],
    does: 'let a client of your token issuer call the API for an organisation, or change that',
    examples: ['client put client-rx1.json --table TABLENAME'],
    run: ([file = ''], _, context) => put(file, context),
  },
  {
    words: 'client show',
    takes: ['ID'],
    does: 'for whom it calls, and what it may do',
    examples: ['client show exporter-of-rx1 --table TABLENAME'],
    run: ([id = ''], _, context) => show(id, context),
  },
];
