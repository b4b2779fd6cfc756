import { describe, expect, it } from 'vitest';
import { hours, minutes } from '../../../../shared/platform/clock.ts';
import type { DocumentId, OdsCode } from '../../../../shared/platform/ids.ts';
import {
  askForTurn,
  type InFlight,
  type InLine,
  nobodyInFlight,
  passTurn,
} from '../../../../shared/senders/in-flight.ts';

const now = Date.UTC(2026, 2, 2, 9);
const who = (n: number, odsCode = 'RX1'): InLine => ({
  documentId: `document-${odsCode}-${n}` as DocumentId,
  composition: 1,
  odsCode: odsCode as OdsCode,
});
const slot = (owner: string, until = now + minutes(5)) => ({ owner, until });
/** One slot taken by `first`, and these in the line. */
const withLine = (...line: readonly InLine[]): InFlight =>
  line.reduce<InFlight>(
    (inFlight, one) => askForTurn(inFlight, one, slot('nobody'), 1, now).inFlight,
    askForTurn(nobodyInFlight, who(0), slot('first'), 1, now).inFlight,
  );

describe('the slots of a mailbox', () => {
  it('are lent as far as they go; who comes then has one place in the line, however often it asks', () => {
    const full = withLine(who(1), who(2), who(1));
    expect(full.slots.map(({ owner }) => owner)).toEqual(['first']);
    expect(full.line).toEqual([who(1), who(2)]);
  });

  it('come back by themselves when their invocation has ended, or was lent by a clock that was wrong', () => {
    const full = withLine(who(1));
    expect(askForTurn(full, who(2), slot('later'), 1, now + minutes(6)).kind).toBe('goes');
    const future = { ...full, slots: [slot('first', now + hours(2))] };
    expect(askForTurn(future, who(2), slot('later'), 1, now).kind).toBe('goes');
  });

  it('go to the next in the line, the organisations taking turns', () => {
    let inFlight = withLine(who(1), who(2), who(3), who(1, 'RX2'), who(4));
    const order: string[] = [];
    for (;;) {
      const passed = passTurn(inFlight, 'first', 1, now, true);
      inFlight = passed.inFlight;
      if (!passed.next) break;
      order.push(passed.next.documentId);
    }
    expect(order).toEqual(['RX1-1', 'RX2-1', 'RX1-2', 'RX1-3', 'RX1-4'].map((id) => `document-${id}`));
    expect(inFlight).toEqual(nobodyInFlight);
  });

  it('are given back where the limit was lowered, and not passed on by one whose loan is over', () => {
    const two = askForTurn(nobodyInFlight, who(1), slot('a'), 2, now).inFlight;
    const both = { ...askForTurn(two, who(2), slot('b'), 2, now).inFlight, line: [who(3)] };
    expect(passTurn(both, 'a', 1, now, true)).toEqual({ inFlight: { ...both, slots: [slot('b')] } });
    expect(passTurn(withLine(who(1)), 'first', 1, now + minutes(6), true).next).toBeUndefined();
  });
});

describe('a line that is full', () => {
  const many = (odsCode: string, count: number) => Array.from({ length: count }, (_, n) => who(n + 1, odsCode));
  const full = withLine(...many('RX1', 2000));
  const askToo = (inFlight: InFlight, one: InLine) => askForTurn(inFlight, one, slot('nobody'), 1, now).inFlight;

  it('is no longer than one item can be rewritten for each document', () => {
    expect(JSON.stringify(full).length).toBeLessThan(20_000);
  });

  it('still has a place for another organisation: the last of the one that has the most waits in its record alone', () => {
    const { line } = askToo(full, who(1, 'RX2'));
    expect(line).toHaveLength(full.line.length);
    expect(line.at(-1)).toEqual(who(1, 'RX2'));
    expect(line.slice(0, -1)).toEqual(full.line.slice(0, -1));
    expect(passTurn({ ...full, line, turns: { RX1: 7 } }, 'first', 1, now, true).next).toEqual(who(1, 'RX2'));
  });

  it('is shared evenly by those that have more than it holds, and stays as it is for more of the same', () => {
    expect(askToo(full, who(9999))).toEqual(full);
    const both = many('RX2', 2000).reduce(askToo, full);
    const of = (odsCode: string) => both.line.filter((one) => one.odsCode === odsCode).length;
    expect(of('RX1')).toBe(of('RX2'));
  });
});
