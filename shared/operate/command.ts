import type { Clock } from '../platform/clock.ts';
import type { Objects } from '../platform/objects.ts';
import type { DeadLetters } from '../platform/queue.ts';
import type { Subscriptions } from '../platform/subscriptions.ts';
import type { AttentionIndex, MailboxIndex, SenderIndex, Table } from '../platform/table.ts';

/** What a command came to. */
export interface CommandResult {
  /** Was done, or needed no doing. */
  readonly ok: boolean;
  /** For a person. */
  readonly lines: readonly string[];
  /** The same for a program (`--json`). */
  readonly data?: unknown;
  /** Was not asked properly, rather than refused. */
  readonly misused?: true;
}

export type FileWritten = 'written' | 'exists' | 'failed';

/** What a command may use of the deployment that it speaks to. */
export interface CommandContext {
  readonly table: Table & SenderIndex & AttentionIndex & MailboxIndex;
  readonly clock: Clock;
  /** A bucket of the deployment, by its name. */
  readonly objects?: (bucket: string) => Objects;
  /** The archive's name, where it is known without asking the table. */
  readonly archiveBucket?: string;
  /** Who is told by e-mail; gives `undefined` where it is not known yet which topic tells them. */
  readonly subscriptions?: () => Promise<Subscriptions | undefined>;
  /** A file's text, or undefined where it cannot be read. */
  readonly readText: (path: string) => string | undefined;
  /** Writes a new file: one that is there stays as it is. */
  readonly writeText?: (path: string, text: string) => FileWritten | Promise<FileWritten>;
  /** Shows what would happen and asks; absent where nobody is there to answer. */
  readonly confirm?: (lines: readonly string[]) => Promise<boolean>;
  /** Tells a person how far something long has come. */
  readonly progress?: (line: string) => void;
  /** The dead-letter queue of a queue, with the caller's own rights to it. */
  readonly deadLettersOf?: (queueUrl: string) => DeadLetters;
  /** Who asks, where the command line does not say so (`--by`). */
  readonly by?: string;
}

/** An option that stands behind `--`; with a form it takes a value, otherwise it is a switch. */
export interface CommandOption {
  readonly name: string;
  readonly form?: string;
  readonly meaning: string;
}

export type CommandOptions = Readonly<Record<string, string | boolean | undefined>>;

/** One thing that an operator can ask for. */
export interface Command {
  /** As it is typed: `sender put`. */
  readonly words: string;
  /** What stands behind the words: `FILE`, or `[ID]` where it may be left out. */
  readonly takes: readonly string[];
  /** In one line. */
  readonly does: string;
  /**
   * It reads documents or the quarantine: who looks is asked (`--by`, and `--why` where it must be given) and kept, view by
   * view (`looking.ts`). One that does not say so cannot read them.
   */
  readonly looks?: 'who' | 'who-and-why';
  /** It changes something: it asks for who and why itself, and what it changes keeps both. One that does not say so cannot. */
  readonly changes?: true;
  /** What else somebody should know before using it. */
  readonly notes?: readonly string[];
  readonly options?: readonly CommandOption[];
  /** As typed behind `npm run operate --`. */
  readonly examples: readonly string[];
  readonly run: (
    args: readonly string[],
    options: CommandOptions,
    context: CommandContext,
  ) => CommandResult | Promise<CommandResult>;
}

export const succeeded = (lines: readonly string[], data?: unknown): CommandResult => ({
  ok: true,
  lines,
  ...(data === undefined ? {} : { data }),
});

/** Refused, or not there: nothing was changed. */
export const refused = (...lines: string[]): CommandResult => ({ ok: false, lines });

/** Not asked properly: nothing was looked at. */
export const misused = (...lines: string[]): CommandResult => ({ ok: false, misused: true, lines });

/** 0 done, or nothing to do · 1 refused or not there · 2 not asked properly. 3 (broke off) is the command line's own. */
export const exitCodeOf = ({ ok, misused }: CommandResult): 0 | 1 | 2 => (ok ? 0 : misused ? 2 : 1);
