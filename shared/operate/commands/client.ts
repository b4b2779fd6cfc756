import { type Client, type ClientItem, clientFile } from '../../callers/client.ts';
import { clientVersions, listClients, putClient, readClient, switchClientActive } from '../../callers/registry.ts';
import { readSender } from '../../senders/registry.ts';
import {
  type Command,
  type CommandContext,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
  succeeded,
} from '../command.ts';
import { byWhom } from '../pausing.ts';
import { putOptions, putSettings } from '../put-settings.ts';
import { registryCommands } from '../registry-commands.ts';
import { problemLines, who, whoOptions } from '../who.ts';

/** The gateway keeps an answer of the authoriser so long. */
const goesOn = 'What it could do before may go on for a minute at most.';

const entry = { word: 'client', part: 'clients', idField: 'clientId', schema: clientFile } as const;

const put = (file: string, options: CommandOptions, context: CommandContext): Promise<CommandResult> => {
  const { table } = context;
  return putSettings<Client, ClientItem>(file, options, context, {
    ...entry,
    read: (id) => readClient(table, id),
    problems: async ({ odsCode }) =>
      (await readSender(table, odsCode))
        ? []
        : [{ path: 'odsCode', message: `there is no sender ${odsCode}: put the sender first` }],
    put: (setting, changed, over) => putClient(table, setting, changed, over),
    tell: async ({ clientId, odsCode, scopes }) => {
      const item = await readClient(table, clientId);
      return [
        `It calls the API for ${odsCode} with ${scopes.join(' and ')}.`,
        ...(item?.deactivated ? [`It is deactivated, ${byWhom(item.deactivated)}: it is not let in.`] : []),
        ...((item?.version ?? 0) > 1 ? [goesOn] : []),
      ];
    },
  });
};

const switchActive = async (
  clientId: string,
  active: boolean,
  options: CommandOptions,
  { table, clock }: CommandContext,
): Promise<CommandResult> => {
  const done = active ? 'activated' : 'deactivated';
  const read = who.safeParse(options);
  if (!read.success) return misused(`Nothing was ${done}; put these right:`, ...problemLines(read.error));
  const changed = { at: clock.now(), ...read.data };
  const switched = await switchClientActive(table, clientId, active, changed);
  if (!switched) return refused(`There is no client ${clientId}.`);
  if (switched.kind === 'same') {
    const { since } = switched;
    const before = active ? 'is active' : `was deactivated before${since ? `, ${byWhom(since)}` : ''}`;
    return succeeded([`Client ${clientId} ${before}. Nothing was changed.`]);
  }
  return succeeded(
    [
      `Client ${clientId} is ${done}, ${byWhom(changed)}.`,
      active ? 'It is let in again, within a minute.' : `It is let in no more, whatever its token says. ${goesOn}`,
    ],
    { [done]: changed },
  );
};

export const clientCommands: readonly Command[] = [
  {
    words: 'client put',
    takes: ['FILE'],
    does: 'let a client of your token issuer call the API for an organisation, or change that',
    changes: true,
    notes: ['FILE holds one, or an export with many. Every problem is told at once, and then nothing is put.'],
    options: putOptions,
    examples: ["client put client-rx1.json --by 'Ann Bell' --why 'their new exporter' --table TABLENAME"],
    run: ([file = ''], options, context) => put(file, options, context),
  },
  {
    words: 'client deactivate',
    takes: ['ID'],
    does: 'let it in no more',
    changes: true,
    notes: ['What it was given before goes on for a minute at most. What it handed over goes its way.'],
    options: whoOptions,
    examples: ["client deactivate exporter-of-rx1 --by 'Ann Bell' --why 'secret lost' --table TABLENAME"],
    run: ([id = ''], options, context) => switchActive(id, false, options, context),
  },
  {
    words: 'client activate',
    takes: ['ID'],
    does: 'let it in again',
    changes: true,
    options: whoOptions,
    examples: ["client activate exporter-of-rx1 --by 'Ann Bell' --why 'new secret' --table TABLENAME"],
    run: ([id = ''], options, context) => switchActive(id, true, options, context),
  },
  ...registryCommands<Client, ClientItem>({
    ...entry,
    takes: 'ID',
    example: 'exporter-of-rx1',
    read: readClient,
    list: listClients,
    versions: clientVersions,
    idOf: ({ clientId }) => clientId,
    standing: ({ setting: { odsCode, scopes }, deactivated }) => [
      `for ${odsCode}`,
      scopes.join(' and '),
      ...(deactivated ? [`DEACTIVATED ${byWhom(deactivated)}`] : []),
    ],
  }),
];
