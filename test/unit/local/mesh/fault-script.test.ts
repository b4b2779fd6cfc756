import { expect, test } from 'vitest';
import { createFaultScript } from '../../../../local/mesh/fault-script.ts';

test('faults meet what they are meant for, in their order, as often as they say', () => {
  const script = createFaultScript();
  script.add({ operation: 'send', mailboxId: 'A', fault: 'hang' });
  script.add({ operation: 'any', fault: 'delay', times: 2 });
  expect(script.take('send', 'B')?.fault).toBe('delay');
  expect(script.take('send', 'A')?.fault).toBe('hang');
  expect(script.take('ping', undefined)?.fault).toBe('delay');
  expect(script.take('send', 'A')).toBeUndefined();
});

test('a fault lets so many pass first', () => {
  const script = createFaultScript();
  script.add({ operation: 'sendChunk', fault: 'reset-after-accept', skip: 2 });
  expect([1, 2, 3, 4].map(() => script.take('sendChunk', 'A')?.fault)).toEqual([
    undefined,
    undefined,
    'reset-after-accept',
    undefined,
  ]);
});

test('cleared faults meet nobody', () => {
  const script = createFaultScript();
  script.add({ operation: 'any', fault: 'hang', times: 9 });
  script.clear();
  expect(script.take('list', 'A')).toBeUndefined();
});
