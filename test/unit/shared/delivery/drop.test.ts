import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DropItem,
  dropCheckAt,
  finishPair,
  type Half,
  pairHalf,
  type Side,
  sweepSequencer,
} from '../../../../shared/delivery/drop.ts';
import type { DocumentId, OdsCode } from '../../../../shared/platform/ids.ts';

const empty: DropItem = { odsCode: 'RX1' as OdsCode, name: 'report' };
const half = (versionId: string, sequencer: string, at = 0): Half => ({ versionId, sequencer, size: 1, at });
const take = (item: DropItem, side: Side, one: Half): DropItem => {
  const paired = pairHalf(item, side, one);
  return paired.kind === 'pair' || paired.kind === 'waiting' ? paired.item : item;
};
const finished = (item: DropItem, pdf: Half, manifest: Half): DropItem =>
  finishPair(item, { documentId: 'd' as DocumentId, at: 9, pdf, manifest });

describe('pairing a drop', () => {
  it.each([
    ['pdf', 'manifest'],
    ['manifest', 'pdf'],
  ] as const)('pairs when %s comes before %s', (first, second) => {
    const waiting = pairHalf(empty, first, half('1', '0A'));
    expect(waiting.kind).toBe('waiting');
    expect(pairHalf(take(empty, first, half('1', '0A')), second, half('2', '0B')).kind).toBe('pair');
  });
  it('an event that comes again goes on while the pair is unfinished, and is done after', () => {
    const both = take(take(empty, 'pdf', half('p', '0A')), 'manifest', half('m', '0B'));
    expect(pairHalf(both, 'pdf', half('p', '0A'))).toMatchObject({ kind: 'pair', changed: false });
    const over = finished(both, half('p', '0A'), half('m', '0B'));
    expect(pairHalf(over, 'pdf', half('p', '0A'))).toEqual({ kind: 'done', documentId: 'd' });
  });
  it('an older event of the same object changes nothing', () => {
    const newer = take(empty, 'pdf', half('p2', '0B'));
    expect(pairHalf(newer, 'pdf', half('p1', '0A')).kind).toBe('older');
    expect(pairHalf(newer, 'pdf', half('p1', '0A00')).kind).toBe('older');
  });
  it('sequencers of different length compare as if padded on the right with zeros', () => {
    expect(pairHalf(take(empty, 'pdf', half('p1', '0A')), 'pdf', half('p2', '0A1')).kind).toBe('waiting');
    expect(pairHalf(take(empty, 'pdf', half('p1', '0A1')), 'pdf', half('p2', '0A')).kind).toBe('older');
  });
  it('what the sweep finds is taken only where no event was seen', () => {
    expect(pairHalf(empty, 'pdf', half('p1', sweepSequencer)).kind).toBe('waiting');
    expect(pairHalf(take(empty, 'pdf', half('p1', '0A')), 'pdf', half('p0', sweepSequencer)).kind).toBe('older');
    expect(pairHalf(take(empty, 'pdf', half('p1', '0A')), 'pdf', half('p1', sweepSequencer)).kind).toBe('waiting');
  });
  it('a half that comes while the pair is dealt with stays for the next one', () => {
    const both = take(take(empty, 'pdf', half('p', '0A')), 'manifest', half('m', '0B'));
    const newer = take(both, 'pdf', half('p2', '0C'));
    const over = finished(newer, half('p', '0A'), half('m', '0B'));
    expect(over.pdf?.versionId).toBe('p2');
    expect(over.manifest).toBeUndefined();
    expect(pairHalf(over, 'manifest', half('m2', '0D')).kind).toBe('pair');
  });
  it('any order and any number of repeats of two events see the pair, and the last word is the pair', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Side>('pdf', 'manifest'), { minLength: 2, maxLength: 12 }), (sides) => {
        let item = empty;
        let last = '';
        for (const side of sides) {
          const paired = pairHalf(item, side, half(side, side === 'pdf' ? '0A' : '0B'));
          last = paired.kind;
          item = take(item, side, half(side, side === 'pdf' ? '0A' : '0B'));
        }
        expect(last).toBe(new Set(sides).size === 2 ? 'pair' : 'waiting');
      }),
      { seed: 20261122 },
    );
  });
  it('is due for a look while a half waits or a pair is unfinished, and never after', () => {
    const waiting = take(empty, 'pdf', half('p', '0A', 1000));
    expect(dropCheckAt(waiting)).toBe(1000 + 5 * 60_000);
    expect(dropCheckAt({ ...waiting, noticed: true })).toBe(1000 + 3_600_000);
    const both = take(waiting, 'manifest', half('m', '0B', 2000));
    expect(dropCheckAt(both)).toBe(2000 + 15 * 60_000);
    expect(dropCheckAt(finished(both, half('p', '0A'), half('m', '0B')))).toBeUndefined();
  });
});
