import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { statusChange } from '../../../../shared/events/status-change.ts';
import { attributesOf, statusEvent, statusEventOf, statusEventSchema } from '../../../../shared/events/status-event.ts';
import { readEvent } from '../../../support/published-event.ts';
import { negative, positive, recordAfter, wasSent } from '../../../support/records.ts';

/** Written again with `UPDATE=1 npx vitest run test/unit/shared/events/status-event.test.ts`. */
const update = process.env.UPDATE === '1';
const page = new URL('../../../../docs/events/document.state-changed.v1.schema.json', import.meta.url);

const eventAfter = (...events: readonly DeliveryEvent[]) => {
  const before = recordAfter(...events.slice(0, -1));
  const last = events.at(-1);
  const reduction = last && reduce(before, last, 10_000);
  if (reduction?.kind !== 'changed') throw new Error('The last event changes the record.');
  const change = statusChange(before, reduction.record, 4, Date.UTC(2026, 10, 29, 15));
  return change && statusEventOf(reduction.record, change);
};

describe('an event of a document', () => {
  it('says how the document stands, whose move it is and why it needs a person', () => {
    expect(eventAfter(...wasSent, negative('20009'))).toMatchObject({
      type: 'document.state-changed.v1',
      time: '2026-11-29T15:00:00.000Z',
      sequence: 4,
      senderOds: 'RX1',
      encounterId: 'encounter-1',
      documentVersion: 1,
      state: 'INFRASTRUCTURE_REJECTED',
      previousState: 'SENT',
      needsAttention: true,
      attention: ['INFRASTRUCTURE_REJECTED'],
      whoseMove: 'the sender',
      infrastructureCode: '20009',
    });
  });

  it('comes when a person’s part is done too, though the state stays', () => {
    const event = eventAfter(...wasSent, negative('20009'), { kind: 'resolved', by: 'Ann', route: 'telephoned' });
    expect(event).toMatchObject({
      state: 'INFRASTRUCTURE_REJECTED',
      previousState: 'INFRASTRUCTURE_REJECTED',
      needsAttention: false,
      attention: [],
      whoseMove: 'nobody',
    });
  });

  it('does not come where nothing that others go by has changed', () => {
    const twice = [...wasSent, positive('20013')];
    expect(statusChange(recordAfter(...twice), recordAfter(...twice, positive('20013')), 5, 0)).toBeUndefined();
  });

  it('looks as its guide shows it', async () => {
    const guide = await readFile(new URL('README.md', page), 'utf8');
    const [, shown = ''] = /```json\n([\s\S]+?)```/.exec(guide) ?? [];
    expect(readEvent(shown)).toMatchObject({ type: 'document.state-changed.v1', sequence: 6 });
  });

  it('has the same id whenever it comes, and another for each sequence number and document', () => {
    const record = recordAfter(...wasSent);
    const change = statusChange(undefined, record, 1, 0);
    if (!change) throw new Error('A first change is always told.');
    const idOf = (sequence: number, of = record) => statusEventOf(of, { ...change, sequence }).id;
    expect(idOf(1)).toBe(idOf(1));
    const other = { ...record, documentId: '5b0a979d-0000-5000-8000-000000000000' as typeof record.documentId };
    expect(new Set([idOf(1), idOf(2), idOf(1, other)]).size).toBe(3);
  });

  it('is what its published schema says, and can be filtered by sender, state and need', async () => {
    const event = eventAfter(...wasSent, positive('20013'));
    expect(statusEvent.safeParse(event).success).toBe(true);
    expect(event && attributesOf(event)).toEqual({
      type: 'document.state-changed.v1',
      senderOds: 'RX1',
      state: 'INFRASTRUCTURE_ACKNOWLEDGED',
      needsAttention: 'false',
    });
    const text = `${JSON.stringify(statusEventSchema(), undefined, 2)}\n`;
    if (update) await writeFile(page, text);
    const found = await readFile(page, 'utf8').catch(() => '');
    expect(found === text, 'The schema in docs/events is older than the code: run this once with UPDATE=1.').toBe(true);
  });
});
