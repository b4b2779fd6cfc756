import { describe, expect, it } from 'vitest';
import { viewAudit } from '../../../../shared/audit/entry.ts';
import { documentKey } from '../../../../shared/delivery/keys.ts';
import type { CommandContext } from '../../../../shared/operate/command.ts';
import { looking } from '../../../../shared/operate/looking.ts';
import { readWhole } from '../../../../shared/platform/objects.ts';
import { declareDeployment } from '../../../../shared/senders/deployment.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { recordAfter, wasSent } from '../../../support/records.ts';
import { memoryObjects } from '../../../support/world/memory-objects.ts';

/** What a command that nobody has written yet can do, and what it leaves in the archive. */

const record = recordAfter(...wasSent);
const key = documentKey(record.documentId);
const desk = async (declared: { readonly looks?: 'who'; readonly changes?: true }) => {
  const clock = { now: () => 1000, sleep: async () => undefined };
  const table = memoryTable(clock);
  const archive = memoryObjects('archive', clock);
  await table.write(key, record, 0);
  await declareDeployment(table, { stage: 'test', archiveBucket: 'archive' });
  const given: CommandContext = { table, clock, objects: () => archive, readText: () => undefined };
  const watched = looking({ words: 'a new one', ...declared }, { by: 'Ann Bell' }, given);
  const views = async () => {
    const found = [];
    for await (const object of archive.list('views/')) {
      const read = await readWhole(archive, object.key, 1 << 20);
      if (read && read !== 'too-large') found.push(viewAudit.parse(JSON.parse(read.bytes.toString('utf8'))));
    }
    return found;
  };
  return { ...watched, archive, views };
};

describe('a command that does not say that it looks', () => {
  it('can read no document, none of the quarantine and no index of them', async () => {
    const { context } = await desk({ changes: true });
    await expect(context.table.read(key)).rejects.toThrow('does not say that it looks');
    await expect(context.table.bySender('RX1', { from: 0, to: 1, limit: 1 })).rejects.toThrow('does not say');
    await expect(context.table.attention('0', { limit: 1 })).rejects.toThrow('does not say');
    const bucket = context.objects?.('archive');
    await expect(bucket?.get(`sent/${record.documentId}/1/0001-envelope`)).rejects.toThrow('does not say');
  });
});

describe('a command that does not say that it changes anything', () => {
  it('can write no item, remove none, and put nothing into a bucket', async () => {
    const { context } = await desk({ looks: 'who' });
    await expect(context.table.write(key, record, 1)).rejects.toThrow('does not say that it changes');
    await expect(context.table.remove(key, 1)).rejects.toThrow('does not say that it changes');
    await expect(context.objects?.('archive').put('audit/x', '{}')).rejects.toThrow('does not say that it changes');
  });
});

describe('a command that looks', () => {
  it('has each document recorded once, before it writes, asks or shows anything', async () => {
    const { context, settle, views } = await desk({ looks: 'who', changes: true });
    await context.table.read(key);
    await context.table.read(key);
    expect(await views()).toEqual([]);
    await context.table.write('PAUSE', {}, 0);
    expect(await views()).toMatchObject([
      { documentId: record.documentId, senderOds: 'RX1', what: 'a new one', actor: { kind: 'person', id: 'Ann Bell' } },
    ]);
    await context.table.read(key);
    await settle();
    expect(await views()).toHaveLength(1);
  });

  it('has nothing recorded of what is not there', async () => {
    const { context, settle, views } = await desk({ looks: 'who' });
    await context.table.read(documentKey('5b0a979d-0000-5000-8000-00000000ffff'));
    await settle();
    expect(await views()).toEqual([]);
  });
});
