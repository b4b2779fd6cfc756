import { isoTime } from '../platform/clock.ts';
import type { Changed } from '../registry/versioned.ts';
import { type Pausable, type Pause, pause, pausedWhat, readGlobalPause, resume } from '../senders/pause.ts';
import { listMailboxes, listSenders } from '../senders/registry.ts';
import {
  type CommandContext,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
  succeeded,
} from './command.ts';
import { problemLines, who } from './who.ts';

/** When, by whom and why, as a sentence’s end. */
export const byWhom = ({ at, by, why }: Changed): string =>
  `${at === 0 ? 'at a time that is not recorded' : isoTime(at)} by ${by}${why === undefined ? '' : `: ${why}`}`;

const notThere = (of: Pausable): CommandResult =>
  refused(
    of.kind === 'mailbox'
      ? `There is no mailbox ${of.mailboxId}.`
      : of.kind === 'sender'
        ? `There is no sender ${of.odsCode}.`
        : 'There is nothing to pause.',
  );

const whatItMeans: Readonly<Record<Pausable['kind'], string>> = {
  everybody:
    'Nothing is sent and nothing polled for anybody: documents are held as they come to be sent, and answers stay in MESH, which keeps them five days. Drops are still taken. Alarms on polls go off after 15 minutes: nobody shall forget it.',
  sender: 'Its documents are held as they come to be sent. Drops are still taken, and answers still come in.',
  mailbox:
    'Nothing is sent through it and nothing polled: documents are held as they come to be sent, and answers stay in MESH, which keeps them five days. The alarm on its polls goes off after 15 minutes.',
};

const asked = (options: CommandOptions, what: string) => {
  const read = who.safeParse(options);
  return read.success
    ? { who: read.data }
    : { wrong: misused(`Nothing was ${what}; put these right:`, ...problemLines(read.error)) };
};

export const pauseCommand = async (
  of: Pausable,
  options: CommandOptions,
  { table, clock }: CommandContext,
): Promise<CommandResult> => {
  const read = asked(options, 'paused');
  if (read.wrong) return read.wrong;
  const changed = { at: clock.now(), ...read.who };
  const switched = await pause(table, of, changed);
  if (!switched) return notThere(of);
  if (switched.kind === 'same') {
    const since = switched.since ?? changed;
    return succeeded([`${pausedWhat(of)} was paused before, ${byWhom(since)}. Nothing was changed.`], {
      paused: since,
    });
  }
  return succeeded(
    [
      `${pausedWhat(of)} is paused, ${byWhom(changed)}.`,
      whatItMeans[of.kind],
      'What is being handed to MESH at this moment still goes.',
    ],
    { paused: changed },
  );
};

/** Every pause that stands. */
const pausesOf = async (table: CommandContext['table']): Promise<readonly Pause[]> => {
  const [global, senders, mailboxes] = await Promise.all([
    readGlobalPause(table),
    listSenders(table),
    listMailboxes(table),
  ]);
  return [
    ...(global ? [{ ...global, of: { kind: 'everybody' } as const }] : []),
    ...senders.flatMap(({ setting, paused }) =>
      paused ? [{ ...paused, of: { kind: 'sender', odsCode: setting.odsCode } as const }] : [],
    ),
    ...mailboxes.flatMap(({ setting, paused }) =>
      paused ? [{ ...paused, of: { kind: 'mailbox', mailboxId: setting.mailboxId } as const }] : [],
    ),
  ];
};

export const resumeCommand = async (
  of: Pausable,
  options: CommandOptions,
  { table, clock }: CommandContext,
): Promise<CommandResult> => {
  const read = asked(options, 'resumed');
  if (read.wrong) return read.wrong;
  const changed = { at: clock.now(), ...read.who };
  const switched = await resume(table, of, changed);
  if (!switched) return notThere(of);
  if (switched.kind === 'same') return succeeded([`${pausedWhat(of)} is not paused. Nothing was changed.`]);
  const still = await pausesOf(table);
  return succeeded(
    [
      `${pausedWhat(of)} goes on, ${byWhom(changed)}.`,
      'What was held goes within about two minutes, oldest first, unless another pause holds it.',
      ...still.map(({ of: other, ...since }) => `STILL PAUSED: ${pausedWhat(other)}, ${byWhom(since)}`),
    ],
    { resumed: changed, stillPaused: still },
  );
};
