import { isoTime } from '../../platform/clock.ts';
import { readStage } from '../../senders/deployment.ts';
import { type Mailbox, type MailboxSetting, mailboxFile } from '../../senders/mailbox.ts';
import { listMailboxes, listSenders, mailboxVersions, putMailbox, readMailbox } from '../../senders/registry.ts';
import { mailboxProblems } from '../../senders/registry-problems.ts';
import { underWay } from '../../senders/under-way.ts';
import type { Command, CommandContext, CommandOptions, CommandResult } from '../command.ts';
import { byWhom } from '../pausing.ts';
import { putOptions, putSettings } from '../put-settings.ts';
import { registryCommands } from '../registry-commands.ts';

const entry = { word: 'mailbox', part: 'mailboxes', idField: 'mailboxId', schema: mailboxFile } as const;

const put = (file: string, options: CommandOptions, context: CommandContext): Promise<CommandResult> => {
  const { table, clock } = context;
  return putSettings<MailboxSetting, Mailbox>(file, options, context, {
    ...entry,
    read: (id) => readMailbox(table, id),
    problems: async (setting, stored) => {
      const { mailboxId } = setting;
      const [stage, senders] = await Promise.all([readStage(table), listSenders(table)]);
      const users = senders.map((sender) => sender.setting).filter((sender) => sender.mailboxId === mailboxId);
      const moves = stored !== undefined && stored.setting.environment !== setting.environment;
      const concerns = (document: { readonly mailboxId?: string }, odsCode: string) =>
        document.mailboxId === undefined
          ? users.some((user) => user.odsCode === odsCode)
          : document.mailboxId === mailboxId;
      const all = senders.map((sender) => sender.setting.odsCode);
      return mailboxProblems(setting, {
        stage,
        stored,
        users,
        underWay: moves ? await underWay(table, all, clock.now(), concerns) : [],
      });
    },
    put: (setting, changed, over) => putMailbox(table, setting, changed, over),
    tell: async ({ mailboxId, environment, pollEverySeconds }) => {
      const { course, paused } = (await readMailbox(table, mailboxId)) ?? {};
      const circuit = course?.circuit;
      const when = paused ? 'once it is resumed' : circuit ? 'once its circuit is closed' : 'beginning now';
      return [
        `MESH ${environment}, polled every ${pollEverySeconds} seconds, ${when}.`,
        ...(paused ? [`It is paused, ${byWhom(paused)}.`] : []),
        ...(circuit ? [`Its circuit is open: ${circuit.reason} It is tried again within five minutes.`] : []),
      ];
    },
  });
};

const lastPoll = ({ lastPollAt, lastPollOutcome }: Mailbox['course']): string =>
  lastPollAt === undefined ? 'not polled yet' : `polled ${isoTime(lastPollAt)} (${lastPollOutcome})`;

export const mailboxCommands: readonly Command[] = [
  {
    words: 'mailbox put',
    takes: ['FILE'],
    looks: 'who',
    changes: true,
    does: 'register a MESH mailbox, or change its settings',
    notes: ['FILE holds one, or an export with many. Every problem is told at once, and then nothing is put.'],
    options: putOptions,
    examples: [
      "mailbox put mailbox-rx1.json --by 'Ann Bell' --table TABLENAME",
      "mailbox put mailboxes.json --by 'Ann Bell' --why 'moved here' --table TABLENAME",
    ],
    run: ([file = ''], options, context) => put(file, options, context),
  },
  ...registryCommands<MailboxSetting, Mailbox>({
    ...entry,
    takes: 'ID',
    example: 'RX1OT001',
    read: readMailbox,
    list: listMailboxes,
    versions: mailboxVersions,
    idOf: ({ mailboxId }) => mailboxId,
    pausable: (mailboxId) => ({ kind: 'mailbox', mailboxId }),
    standing: ({ setting: { odsCode, environment, shared }, course }) => [
      `of ${odsCode}`,
      environment,
      shared ? 'shared' : 'dedicated',
      lastPoll(course),
      ...(course.circuit ? [`CIRCUIT OPEN: ${course.circuit.reason}`] : []),
    ],
  }),
];
