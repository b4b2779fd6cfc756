import { describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { reduce } from '../../../../shared/delivery/reduce.ts';
import { leaveNotices, noticeOf, readWaiting, takeGiven } from '../../../../shared/notices/pending.ts';
import { deriveIds } from '../../../../shared/pipeline/derive-ids.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import { negative, positive, reported, wasSent } from '../../../support/records.ts';

/** What waits to be told to an organisation, as it is left by what happens to a document. */

const said = { by: 'Ann', why: 'told to' };

const world = () => {
  const table = memoryTable();
  let record: DocumentRecord | undefined;
  let now = 0;
  const waiting = async () => (await readWaiting(table, 'RX1'))?.waiting ?? [];
  return {
    waiting,
    async happens(...events: readonly DeliveryEvent[]) {
      for (const event of events) {
        now += 1000;
        const reduction = reduce(record, event, now);
        if (reduction.kind === 'no-op') throw new Error(reduction.why);
        record = reduction.record;
      }
    },
    /** Done as often as it is tried: whoever died after it does it again. */
    async leave({ died = false } = {}) {
      const { documentId = '', work } = record ?? {};
      const notices = (work?.notify ?? []).map((notice) => noticeOf(documentId, notice));
      for (let time = 0; time < 2; time++) await leaveNotices(table, 'RX1', notices, now);
      if (record && !died) record = { ...record, work: {} };
    },
    async give() {
      const given = await waiting();
      await takeGiven(table, 'RX1', given, now);
      return given;
    },
  };
};

describe('a condition that stands again as it stood before', () => {
  const again: DeliveryEvent = { kind: 'resend-asked', newest: 1, ids: deriveIds, ...said };

  it.each<[string, readonly DeliveryEvent[], readonly DeliveryEvent[], readonly DeliveryEvent[]]>([
    [
      'undelivered, when sending it again was called off',
      [...wasSent, reported()],
      [again],
      [{ kind: 'cancelled', ...said }],
    ],
    [
      'a patient who has died, when a contradiction was decided',
      [...wasSent, positive('20013'), positive('30004')],
      [negative('30002')],
      [{ kind: 'contradiction-decided', as: 'accepted', ...said }],
    ],
  ])('is told anew, since its end was told: %s', async (_, begins, ends, begun) => {
    const { happens, leave, give, waiting } = world();
    await happens(...begins);
    await leave();
    const [first, ...others] = await give();
    expect([first?.kind, others]).toEqual(['start', []]);
    await happens(...ends);
    await leave();
    expect(await give()).toContainEqual(expect.objectContaining({ kind: 'clear', code: first?.code }));
    await happens(...begun);
    await leave();
    const anew = (await waiting()).filter(({ kind, code }) => kind === 'start' && code === first?.code);
    expect(anew).toHaveLength(1);
    expect(anew[0]?.id).not.toBe(first?.id);
  });

  it('is told anew also where what was left of it before still stands on the record', async () => {
    const { happens, leave, give, waiting } = world();
    await happens(...wasSent, reported());
    // Left and given, and whoever did it died before it was taken off the record.
    await leave({ died: true });
    const [first] = await give();
    await happens(again, { kind: 'cancelled', ...said });
    await leave();
    const starts = (await waiting()).filter(({ kind }) => kind === 'start');
    expect(starts.map(({ code, id }) => [code, id === first?.id])).toEqual([['UNDELIVERED', false]]);
  });
});
