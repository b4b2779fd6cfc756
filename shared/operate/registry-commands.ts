import type { z } from 'zod';
import type { Table } from '../platform/table.ts';
import type { Version, Versioned } from '../registry/versioned.ts';
import { differenceLine, differences } from '../senders/differences.ts';
import { type Pausable, readGlobalPause } from '../senders/pause.ts';
import { type RegistryFile, type RegistryPart, registryKind } from '../senders/registry-file.ts';
import { type Command, type CommandContext, type CommandResult, misused, refused, succeeded } from './command.ts';
import { byWhom, pauseCommand, resumeCommand } from './pausing.ts';
import { settingsOfFile } from './settings-of-file.ts';
import { shown, shownText } from './shown.ts';
import { whoOptions } from './who.ts';

/** What is the same for senders, mailboxes and clients: entries with settings in versions; some can be paused. */
export interface Registry<S, T extends Versioned<S>> {
  readonly word: 'sender' | 'mailbox' | 'client';
  /** What its id is called, and an example of one. */
  readonly takes: 'ODS' | 'ID';
  readonly example: string;
  readonly part: RegistryPart;
  readonly idField: 'odsCode' | 'mailboxId' | 'clientId';
  readonly schema: z.ZodType<S>;
  readonly read: (table: Table, id: string) => Promise<T | undefined>;
  readonly list: (table: Table) => Promise<readonly T[]>;
  readonly versions: (table: Table, id: string) => Promise<readonly Version<S>[]>;
  readonly idOf: (setting: S) => string;
  readonly pausable?: (id: string) => Pausable;
  /** How it stands, in a few words. */
  readonly standing: (item: T) => readonly string[];
}

const pausedWords = ({ paused }: Versioned<unknown>): string[] => (paused ? [`PAUSED ${byWhom(paused)}`] : []);

/** What two settings differ in, after defaults: a setting that came later is no difference where it has its default. */
const compared = <S>(schema: z.ZodType<S>, from: S, to: S) => {
  const whole = (setting: S): unknown => schema.safeParse(setting).data ?? setting;
  return differences(whole(from), whole(to));
};

export const registryCommands = <S, T extends Versioned<S>>(registry: Registry<S, T>): readonly Command[] => {
  const { word, takes, example, part, idField, schema, pausable } = registry;
  const notThere = (id: string) => refused(`There is no ${word} ${id}.`);

  const list = async ({ table }: CommandContext): Promise<CommandResult> => {
    const [items, global] = await Promise.all([registry.list(table), readGlobalPause(table)]);
    const lines = items.map((item) =>
      [registry.idOf(item.setting), ...registry.standing(item), ...pausedWords(item), `version ${item.version}`].join(
        '  ',
      ),
    );
    return succeeded(
      [
        ...(global ? [`EVERYTHING IS PAUSED ${byWhom(global)}`] : []),
        ...(lines.length > 0 ? lines : [`No ${word} is registered.`]),
      ],
      shown({ [part]: items, ...(global ? { pausedForEverybody: global } : {}) }),
    );
  };

  const show = async (id: string, { table }: CommandContext): Promise<CommandResult> => {
    const item = await registry.read(table, id);
    if (!item) return notThere(id);
    const { setting, history, ...rest } = item;
    const ordered = { setting, ...rest, history };
    return succeeded([shownText(ordered)], shown(ordered));
  };

  const versions = async (id: string, { table }: CommandContext): Promise<CommandResult> => {
    const item = await registry.read(table, id);
    if (!item) return notThere(id);
    const found = await registry.versions(table, id);
    const lines = found.map(({ version, changedAt, changedBy, why }) => {
      const changed = byWhom({ at: changedAt, by: changedBy, ...(why === undefined ? {} : { why }) });
      return `version ${version}  ${changed}`;
    });
    const done = item.history.filter(({ what }) => !what.startsWith('version '));
    return succeeded(
      [...lines, ...done.map(({ what, ...changed }) => `${what}  ${byWhom(changed)}`)],
      shown({ versions: found, history: item.history }),
    );
  };

  const diff = async (
    [id = '', from, to]: readonly string[],
    file: unknown,
    context: CommandContext,
  ): Promise<CommandResult> => {
    const found = await registry.versions(context.table, id);
    const last = found.at(-1);
    if (!last) return notThere(id);
    const numbered = (text: string) => found.find(({ version }) => String(version) === text);
    let before = found.at(-2);
    let after: Pick<Version<S>, 'setting'> | undefined = last;
    let names = [`version ${before?.version}`, `version ${last.version}`];
    if (typeof file === 'string') {
      if (from !== undefined) return misused('Compare with a file or with a version, not with both.');
      const read = settingsOfFile(schema, part, idField, file, context);
      if (read.kind === 'problem') return read.result;
      const named = read.value.settings.find(({ setting }) => registry.idOf(setting) === id);
      if (!named) return refused(`${file} says nothing of ${word} ${id}.`);
      before = last;
      after = named;
      names = [`version ${last.version}`, file];
    } else if (from !== undefined) {
      before = numbered(from);
      after = to === undefined ? last : numbered(to);
      names = [`version ${from}`, `version ${to ?? last.version}`];
      if (!before || !after) {
        return refused(`There is no such version of ${word} ${id}: ${found.map(({ version }) => version).join(', ')}.`);
      }
    }
    if (!before) return succeeded([`There is only version ${last.version} of ${word} ${id}.`], { differences: [] });
    const changes = compared(schema, before.setting, after.setting);
    return succeeded(
      [
        `${word} ${id}, ${names.join(' → ')}:`,
        ...(changes.length > 0 ? changes.map((each) => `  ${differenceLine(each)}`) : ['  no difference']),
      ],
      { differences: changes },
    );
  };

  const exported = async (id: string | undefined, { table }: CommandContext): Promise<CommandResult> => {
    const one = id === undefined ? undefined : await registry.read(table, id);
    if (id !== undefined && !one) return notThere(id);
    const items = one ? [one] : await registry.list(table);
    const file: RegistryFile = { kind: registryKind, schemaVersion: 1, [part]: items.map(({ setting }) => setting) };
    return succeeded([JSON.stringify(file, undefined, 2)], file);
  };

  const pauses = (of: (id: string) => Pausable): readonly Command[] => [
    {
      words: `${word} pause`,
      takes: [takes],
      changes: true,
      does:
        word === 'sender'
          ? 'hold its documents, until it is resumed'
          : 'send and poll nothing through it, until it is resumed',
      options: whoOptions,
      examples: [`${word} pause ${example} --by 'Ann Bell' --why 'their export repeats itself' --table TABLENAME`],
      run: ([id = ''], options, context) => pauseCommand(of(id), options, context),
    },
    {
      words: `${word} resume`,
      takes: [takes],
      changes: true,
      does: 'end its pause: what was held goes, oldest first',
      options: whoOptions,
      examples: [`${word} resume ${example} --by 'Ann Bell' --why 'put right' --table TABLENAME`],
      run: ([id = ''], options, context) => resumeCommand(of(id), options, context),
    },
  ];

  return [
    {
      words: `${word} list`,
      takes: [],
      does: `every ${word}, how it stands${pausable ? ', and what is paused' : ''}`,
      examples: [`${word} list --table TABLENAME`, `${word} list --json --table TABLENAME`],
      run: (_, __, context) => list(context),
    },
    {
      words: `${word} show`,
      takes: [takes],
      does: word === 'mailbox' ? 'its settings and what is known of it' : 'its settings and how it stands',
      examples: [`${word} show ${example} --table TABLENAME`],
      run: ([id = ''], _, context) => show(id, context),
    },
    {
      words: `${word} versions`,
      takes: [takes],
      does: 'who changed its settings when, and what else was done to it',
      examples: [`${word} versions ${example} --table TABLENAME`],
      run: ([id = ''], _, context) => versions(id, context),
    },
    {
      words: `${word} diff`,
      takes: [takes, '[FROM]', '[TO]'],
      does: 'what differs between two versions of its settings',
      notes: ['Without versions: the last and the one before it. With --with: what putting a file would change.'],
      options: [{ name: 'with', form: 'FILE', meaning: 'compare what stands with a file' }],
      examples: [
        `${word} diff ${example} --table TABLENAME`,
        `${word} diff ${example} 2 5 --table TABLENAME`,
        `${word} diff ${example} --with ${word}-rx1.json --table TABLENAME`,
      ],
      run: (args, options, context) => diff(args, options.with, context),
    },
    {
      words: `${word} export`,
      takes: [`[${takes}]`],
      does: `the settings of one ${word} or all, as a file that can be put again`,
      examples: [`${word} export --table TABLENAME > ${part}.json`, `${word} export ${example} --table TABLENAME`],
      run: ([id], _, context) => exported(id, context),
    },
    ...(pausable ? pauses(pausable) : []),
  ];
};
