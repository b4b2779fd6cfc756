import { describe, expect, it } from 'vitest';
import { nextOwedStep, type Owed, owedDueAt } from '../../../../shared/delivery/owed.ts';
import { hours, minutes } from '../../../../shared/platform/clock.ts';
import type { DocumentId, MailboxId } from '../../../../shared/platform/ids.ts';
import { ods } from '../../../support/records.ts';

const wait = minutes(15);
const owed = (more: Partial<Owed> = {}): Owed => ({
  documentId: 'd' as DocumentId,
  senderOds: ods,
  mailboxId: 'RX1OT001' as MailboxId,
  to: 'Y12345OT001' as MailboxId,
  workflowId: 'GPFED_CONSULT_REPORT_ACK',
  messageHeaderId: 'm',
  responseId: 'r',
  at: 0,
  doubts: 0,
  waitUntil: 0,
  ...more,
});

describe('an acknowledgement that is owed', () => {
  it.each<[string, Partial<Owed>, number, string]>([
    ['is posted at once', {}, 0, 'post'],
    ['waits as long as it was told', { waitUntil: 10 }, 9, 'not-yet'],
    ['is left to whoever is posting it', { attempt: { owner: 'o', deadline: 10 } }, 9, 'not-yet'],
    ['in doubt waits like a document', { attempt: { owner: 'o', deadline: 10 } }, 9 + wait, 'not-yet'],
    [
      'in doubt is asked about before it is posted again',
      { attempt: { owner: 'o', deadline: 10 } },
      10 + wait,
      'find-out',
    ],
    ['is posted once more after one doubt', { doubts: 1 }, 100, 'post'],
    ['is given up after two', { doubts: 2 }, 100, 'give-up'],
    ['is given up after four hours', {}, hours(4) + 1, 'give-up'],
    [
      'in doubt is given up after four hours, where MESH does not say whether it took it',
      { attempt: { owner: 'o', deadline: hours(3.9) } },
      hours(3.9) + wait,
      'give-up',
    ],
    ['that was sent is done', { sent: { at: 1, meshMessageId: 'M' } }, hours(9), 'done'],
    ['that was given up is done', { gaveUp: { at: 1, why: 'w' } }, hours(9), 'done'],
  ])('%s', (_, more, now, kind) => {
    expect(nextOwedStep(owed(more), wait, now).kind).toBe(kind);
  });

  it('is looked at again until it is over', () => {
    expect(owedDueAt(owed({ waitUntil: 7 }), wait)).toBe(7);
    expect(owedDueAt(owed({ attempt: { owner: 'o', deadline: 10 } }), wait)).toBe(10 + wait);
    expect(owedDueAt(owed({ sent: { at: 1, meshMessageId: 'M' } }), wait)).toBeUndefined();
    expect(owedDueAt(owed({ gaveUp: { at: 1, why: 'w' } }), wait)).toBeUndefined();
  });
});
