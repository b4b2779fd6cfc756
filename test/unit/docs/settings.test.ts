import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type StageName, stageNames, stageSettings } from '../../../infra/config/stage-settings.ts';
import { stageSettingsOf } from '../../../infra/config/stages.ts';
import { environments } from '../../../shared/platform/environment.ts';
import { markdownTable, type Setting, settingsOf } from '../../../shared/platform/settings-table.ts';
import { mailboxFile } from '../../../shared/senders/mailbox.ts';
import { senderFile } from '../../../shared/senders/sender.ts';
import { fillPage } from '../../../shared/submission/manifest-page.ts';

/** The tables of docs/operating.md are written again with `UPDATE=1 npx vitest run test/unit/docs/settings.test.ts`. */
const update = process.env.UPDATE === '1';
const page = new URL('../../../docs/operating.md', import.meta.url);
const stale = 'docs/operating.md is older than the schemas: run this test once with UPDATE=1 and commit the file.';

const code = (text: string) => `\`${text}\``;

const fileTable = (settings: readonly Setting[]) =>
  markdownTable(
    ['Setting', 'Default', 'Form', 'Meaning'],
    settings.map(({ path, form, default: value, meaning }) => [code(path), value ?? '–', form, meaning]),
  );

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const valueAt = (stage: StageName, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), stageSettingsOf(stage));
const shown = (value: unknown): string => {
  if (value === undefined) return 'none';
  if (!Array.isArray(value)) return String(value);
  return value.length === 0 ? 'empty' : `${value.length} entries`;
};
/** One value where all stages agree. */
const ofStages = (path: string): string => {
  if (path.includes('[]')) return '–';
  const values = stageNames.map((stage) => [stage, shown(valueAt(stage, path))] as const);
  const [[, first] = ['', '']] = values;
  return values.every(([, value]) => value === first)
    ? first
    : values.map(([stage, value]) => `${stage}: ${value}`).join('; ');
};

const stageSettingList = settingsOf(stageSettings);

const variables = (): readonly (readonly string[])[] => {
  const users = new Map<string, { setting: Setting; functions: string[] }>();
  for (const [name, schema] of Object.entries(environments)) {
    for (const setting of settingsOf(schema)) {
      const known = users.get(setting.path) ?? { setting, functions: [] };
      known.functions.push(name);
      users.set(setting.path, known);
    }
  }
  return [...users.values()].map(({ setting: { path, default: value, form, meaning }, functions }) => [
    code(path),
    functions.length === Object.keys(environments).length ? 'all' : functions.join(', '),
    value ?? '–',
    form,
    meaning,
  ]);
};

describe('the settings in the operating guide', () => {
  it('are those of the schemas, with their defaults and meanings', async () => {
    const text = await readFile(page, 'utf8');
    const filled = fillPage(text, {
      'stage settings': markdownTable(
        ['Setting', 'As it stands', 'Form', 'Meaning'],
        stageSettingList.map(({ path, form, meaning }) => [code(path), ofStages(path), form, meaning]),
      ),
      mailbox: fileTable(settingsOf(mailboxFile)),
      sender: fileTable(settingsOf(senderFile)),
      environment: markdownTable(['Variable', 'Functions', 'Default', 'Form', 'Meaning'], variables()),
    });
    if (update) await writeFile(page, filled);
    expect((await readFile(page, 'utf8')) === filled, stale).toBe(true);
  });

  it('have a meaning each', () => {
    const all = [...Object.values(environments), mailboxFile, senderFile].flatMap((schema) => settingsOf(schema));
    const without = [...stageSettingList, ...all].filter(({ meaning }) => !/^\S.+\.$/.test(meaning));
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  it('are found in groups and lists too', () => {
    const paths = stageSettingList.map(({ path }) => path);
    for (const path of ['queues.outbox.batchSize', 'senders[].odsCode', 'archiveLock.days', 'api.throttle.rate']) {
      expect(paths).toContain(path);
    }
    expect(stageSettingList.find(({ path }) => path === 'doubtWaitMinutes')?.form).toBe('1 to 180');
    expect(settingsOf(mailboxFile).find(({ path }) => path === 'pollEverySeconds')?.default).toBe('300');
    expect(settingsOf(mailboxFile).find(({ path }) => path === 'baseUrl')).toMatchObject({
      default: 'none',
      form: 'address',
    });
  });
});
