import { addressesOf } from '../../notices/addresses.ts';
import {
  listSenders,
  putSender,
  readMailbox,
  readSender,
  senderVersions,
  switchSenderActive,
} from '../../senders/registry.ts';
import { activationProblems, senderProblems } from '../../senders/registry-problems.ts';
import { type Sender, type SenderItem, senderFile } from '../../senders/sender.ts';
import { underWay } from '../../senders/under-way.ts';
import { guardedAddresses, subscribeAddresses } from '../addresses.ts';
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
import { addressCommands } from './address.ts';

/** Those of the version before: what it names no more is told nothing more. */
const addressesBefore = async (table: CommandContext['table'], odsCode: string): Promise<readonly string[]> => {
  const before = (await senderVersions(table, odsCode)).at(-2);
  return before ? Object.values(addressesOf(before.setting)).flat() : [];
};

const entry = { word: 'sender', part: 'senders', idField: 'odsCode', schema: senderFile } as const;

const put = (file: string, options: CommandOptions, context: CommandContext): Promise<CommandResult> => {
  const { table, clock } = context;
  return putSettings<Sender, SenderItem>(file, options, context, {
    ...entry,
    read: (id) => readSender(table, id),
    problems: async (setting, stored) => {
      const [mailbox, before] = await Promise.all([
        readMailbox(table, setting.mailboxId),
        stored && readMailbox(table, stored.setting.mailboxId),
      ]);
      const moves = mailbox && before && mailbox.setting.environment !== before.setting.environment;
      return senderProblems(setting, {
        stored,
        mailbox: mailbox?.setting,
        mailboxBefore: before?.setting,
        notComposed: moves
          ? await underWay(table, [setting.odsCode], clock.now(), ({ mailboxId }) => mailboxId === undefined)
          : [],
      });
    },
    put: (setting, changed, over) => putSender(table, setting, changed, over),
    tell: async (setting) => {
      const { odsCode, mailboxId } = setting;
      const [mailbox, item] = await Promise.all([readMailbox(table, mailboxId), readSender(table, odsCode)]);
      return [
        `Drops under inbox/${odsCode}/ go out through mailbox ${mailboxId} (${mailbox?.setting.environment}).`,
        ...(item?.active ? [] : [`It is not active: its drops wait until somebody runs sender activate ${odsCode}.`]),
        ...(item?.paused ? [`It is paused, ${byWhom(item.paused)}.`] : []),
        ...(await subscribeAddresses(context, setting, await addressesBefore(table, odsCode))),
      ];
    },
  });
};

const activate = async (
  odsCode: string,
  active: boolean,
  options: CommandOptions,
  { table, clock, subscriptions }: CommandContext,
): Promise<CommandResult> => {
  const done = active ? 'activated' : 'deactivated';
  const read = who.safeParse(options);
  if (!read.success) return misused(`Nothing was ${done}; put these right:`, ...problemLines(read.error));
  const sender = await readSender(table, odsCode);
  if (!sender) return refused(`There is no sender ${odsCode}.`);
  if (active && !sender.active) {
    const mailbox = await readMailbox(table, sender.setting.mailboxId);
    const against = activationProblems(sender, mailbox, await guardedAddresses(sender.setting, subscriptions));
    if (against.length > 0) {
      return refused(`Sender ${odsCode} was not activated:`, ...against.map((sentence) => `  ${sentence}`));
    }
  }
  const changed = { at: clock.now(), ...read.data };
  const switched = await switchSenderActive(table, odsCode, active, changed);
  if (switched?.kind !== 'changed') {
    const since = switched?.since;
    return succeeded([
      `Sender ${odsCode} was ${active ? 'active' : 'not active'} before${since ? `, ${byWhom(since)}` : ''}. Nothing was changed.`,
    ]);
  }
  return succeeded(
    [
      `Sender ${odsCode} is ${done}, ${byWhom(changed)}.`,
      active
        ? 'Drops that waited go by themselves within 15 minutes.'
        : 'Drops that come from now on wait, with a receipt that says so. What was taken before goes its way: to hold that too, pause it.',
    ],
    { [done]: changed },
  );
};

export const senderCommands: readonly Command[] = [
  ...addressCommands,
  {
    words: 'sender put',
    takes: ['FILE'],
    looks: 'who',
    changes: true,
    does: 'register a sending organisation, or change its settings',
    notes: [
      'FILE holds one, or an export with many. Every problem is told at once, and then nothing is put.',
      'A new one is not active yet (sender activate).',
    ],
    options: putOptions,
    examples: [
      "sender put sender-rx1.json --by 'Ann Bell' --why 'new telephone number' --table TABLENAME",
      "sender put senders.json --by 'Ann Bell' --table TABLENAME",
    ],
    run: ([file = ''], options, context) => put(file, options, context),
  },
  {
    words: 'sender activate',
    takes: ['ODS'],
    changes: true,
    does: 'take its drops; refused while nobody would be told of what goes wrong',
    options: whoOptions,
    examples: ["sender activate RX1 --by 'Ann Bell' --why 'goes live today' --table TABLENAME"],
    run: ([odsCode = ''], options, context) => activate(odsCode, true, options, context),
  },
  {
    words: 'sender deactivate',
    takes: ['ODS'],
    changes: true,
    does: 'let its drops wait; what was taken before goes its way',
    options: whoOptions,
    examples: ["sender deactivate RX1 --by 'Ann Bell' --why 'has left' --table TABLENAME"],
    run: ([odsCode = ''], options, context) => activate(odsCode, false, options, context),
  },
  ...registryCommands<Sender, SenderItem>({
    ...entry,
    takes: 'ODS',
    example: 'RX1',
    read: readSender,
    list: listSenders,
    versions: senderVersions,
    idOf: ({ odsCode }) => odsCode,
    pausable: (odsCode) => ({ kind: 'sender', odsCode }),
    standing: ({ setting: { name, mailboxId }, active }) => [
      name,
      `mailbox ${mailboxId}`,
      active ? 'active' : 'NOT ACTIVE',
    ],
  }),
];
