import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { tableSettings, tag, timeToLive } from './shapes.ts';

const note = tableSettings.extend({
  tags: z.array(tag).default([]),
  timeToLive: timeToLive.optional(),
  pointInTimeRecovery: z.boolean().default(false),
});
export type TableNote = z.output<typeof note>;

/** What the store does not keep of each table. Lies beside the store's own files if those lie on disk. */
export interface TableNotes {
  of(tableName: string): TableNote;
  change(tableName: string, changed: Partial<TableNote>): void;
  forget(tableName: string): void;
  tableNames(): readonly string[];
}

export const createTableNotes = (dir?: string): TableNotes => {
  const file = dir === undefined ? undefined : join(dir, 'tables.json');
  const kept = file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const notes = new Map(Object.entries(z.record(z.string(), note).parse(kept)));
  const save = () => {
    if (file !== undefined) writeFileSync(file, JSON.stringify(Object.fromEntries(notes)));
  };
  const of = (tableName: string) => notes.get(tableName) ?? note.parse({});
  return {
    of,
    change(tableName, changed) {
      notes.set(tableName, { ...of(tableName), ...changed });
      save();
    },
    forget(tableName) {
      notes.delete(tableName);
      save();
    },
    tableNames: () => [...notes.keys()],
  };
};
