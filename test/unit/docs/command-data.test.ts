import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { indexedRecord } from '../../../shared/delivery/documents.ts';
import { documentKey, quarantineKey } from '../../../shared/delivery/keys.ts';
import { indexedQuarantined } from '../../../shared/delivery/quarantine-decision.ts';
import { personSettings } from '../../../shared/operate/act.ts';
import type { CommandOptions } from '../../../shared/operate/command.ts';
import { commands, runCommand } from '../../../shared/operate/commands.ts';
import { declareDeployment } from '../../../shared/senders/deployment.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { recordAfter, reported, wasSent } from '../../support/records.ts';
import { memorySubscriptions } from '../../support/subscriptions.ts';
import { memoryObjects } from '../../support/world/memory-objects.ts';

/** What docs/operating.md promises to programs, held against what commands give. */

const page = readFileSync('docs/operating.md', 'utf8');
const section = page.split('<!-- command data -->')[1]?.split('<!-- /command data -->')[0] ?? '';
const inTicks = (text = ''): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '');
const promised = new Map(
  section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [names, data] = line.split(' | ');
      return inTicks(names).map((name) => [name, inTicks(data)] as const);
    }),
);

const table = memoryTable();
const now = Date.UTC(2026, 10, 29, 12);
const mail = memorySubscriptions();
const archive = memoryObjects('archive', { now: () => now });
const files: Record<string, unknown> = {
  m: { mailboxId: 'RX1OT001', odsCode: 'RX1', environment: 'integration' },
  s: {
    odsCode: 'RX1',
    name: 'Northfield',
    phone: '01632 960100',
    mailboxId: 'RX1OT001',
    addresses: { notices: ['records@northfield.example'] },
  },
};
const record = recordAfter(...wasSent, reported());
const { documentId } = record;
const run = async (words: string, options: CommandOptions = {}) =>
  runCommand(
    words.split(' '),
    {
      table,
      clock: { now: () => now, sleep: async () => undefined },
      subscriptions: async () => mail.port,
      objects: () => archive,
      by: 'Ann Bell',
      readText: (path) => (path in files ? JSON.stringify(files[path]) : undefined),
      writeText: () => 'written',
    },
    { by: 'Ann Bell', why: 'a try', ...options },
  );

beforeAll(async () => {
  await declareDeployment(table, { stage: 'integration', archiveBucket: 'archive' });
  await run('mailbox put m');
  await run('sender put s');
  mail.confirmAll();
  await table.write(documentKey(documentId), record, 0, indexedRecord(record, now, personSettings));
  const item = { mailboxId: 'RX1OT001', at: now - 1, why: 'does not say what it answers' };
  await table.write(quarantineKey('m-1'), item, 0, indexedQuarantined(item));
});

describe('what operate gives to programs', () => {
  it('is written down for each command', () => {
    expect(commands.map(({ words }) => words).filter((words) => !promised.has(words))).toEqual([]);
  });

  const nobody = { by: undefined, why: undefined };
  const shown: readonly (readonly [string, string, CommandOptions])[] = [
    ['attention', 'attention', nobody],
    ['document list', 'document list', nobody],
    ['document show', `document show ${documentId}`, nobody],
    ['resend', `resend ${documentId}`, {}],
    ['resend', 'resend', { list: 'l', code: 'UNDELIVERED' }],
    ['resolve', `resolve ${documentId}`, { route: 'posted', yes: true }],
    ['hold', `hold ${documentId}`, { yes: true }],
    ['quarantine list', 'quarantine list', nobody],
    ['quarantine show', 'quarantine show m-1', nobody],
    ['quarantine dismiss', 'quarantine dismiss m-1', { yes: true }],
    ['sender list', 'sender list', nobody],
    ['mailbox show', 'mailbox show RX1OT001', nobody],
    ['sender show', 'sender show RX1', nobody],
    ['sender put', 'sender put s', {}],
    ['mailbox versions', 'mailbox versions RX1OT001', nobody],
    ['sender diff', 'sender diff RX1', nobody],
    ['sender export', 'sender export', nobody],
    ['sender activate', 'sender activate RX1', {}],
    ['pause', 'pause', {}],
    ['resume', 'resume', {}],
    ['sender address list', 'sender address list', nobody],
  ];
  it.each(shown)('%s holds what is promised, and nothing else', async (command, typed, options) => {
    const { data } = await run(typed, options);
    const one: unknown = Array.isArray(data) ? data[0] : data;
    expect(one).toBeDefined();
    // Beside each action that is only shown.
    const beside = ['confirmed', 'wouldHappen', 'seen'];
    const known = [...(promised.get(command) ?? []), ...beside];
    expect(Object.keys(one as object).filter((key) => !known.includes(key))).toEqual([]);
  });
});
