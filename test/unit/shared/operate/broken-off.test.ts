import { describe, expect, it } from 'vitest';
import { indexedRecord } from '../../../../shared/delivery/documents.ts';
import type { DeliveryEvent } from '../../../../shared/delivery/events.ts';
import { documentKey, quarantineKey } from '../../../../shared/delivery/keys.ts';
import type { Quarantined } from '../../../../shared/delivery/quarantine.ts';
import { finishQuarantined, indexedQuarantined } from '../../../../shared/delivery/quarantine-decision.ts';
import type { DocumentRecord } from '../../../../shared/delivery/record.ts';
import { stateOf } from '../../../../shared/delivery/state-of.ts';
import { personSettings } from '../../../../shared/operate/act.ts';
import type { CommandContext, CommandOptions } from '../../../../shared/operate/command.ts';
import { runCommand } from '../../../../shared/operate/commands.ts';
import { declareDeployment } from '../../../../shared/senders/deployment.ts';
import { mailboxFile, openCircuit } from '../../../../shared/senders/mailbox.ts';
import { changeCourse, putMailbox } from '../../../../shared/senders/registry.ts';
import { CrashPlan, crashing } from '../../../support/faults.ts';
import { memoryTable } from '../../../support/memory-table.ts';
import {
  composed,
  dropOf,
  dropped,
  ended,
  mailbox,
  negative,
  positive,
  recordAfter,
  reported,
  sending,
  wasSent,
} from '../../../support/records.ts';
import { memoryObjects } from '../../../support/world/memory-objects.ts';

/** Every action, broken off before or after each call of the table, and by two people at once. */

const { documentId } = dropOf();
const by = (who: string) => ({ by: who, why: 'on the list' });
const hold: DeliveryEvent = { kind: 'held', reason: 'operator', ...by('Cat') };
const doubt = [...sending, ended('unknown')] as const;

const actions: readonly (readonly [string, CommandOptions, readonly DeliveryEvent[], string, string])[] = [
  ['resend', {}, [...wasSent, reported()], 'COMPOSED', 'to be sent again, same bytes and ids'],
  ['resend', {}, [...wasSent, negative('30002')], 'RECEIVED', 'to be sent again, with new ids'],
  ['cancel', {}, [dropped(), composed()], 'CANCELLED', 'cancelled'],
  ['hold', {}, [dropped(), composed()], 'COMPOSED', 'held: by an operator'],
  ['hold', {}, doubt, 'SENDING', 'held: by an operator'],
  ['release', { reason: 'operator' }, [dropped(), composed(), hold], 'COMPOSED', 'released: by an operator'],
  ['resolve', { route: 'posted' }, [...wasSent, reported()], 'UNDELIVERED', 'resolved'],
  ['decide', { as: 'arrived' }, doubt, 'SENT', 'doubt decided: arrived'],
  ['decide', { as: 'lost' }, doubt, 'SEND_FAILED', 'doubt decided: lost'],
  [
    'decide',
    { as: 'rejected' },
    [...wasSent, positive('20013'), positive('30001'), negative('30002')],
    'BUSINESS_REJECTED',
    'contradiction decided: rejected',
  ],
];

const desk = async (events: readonly DeliveryEvent[]) => {
  const table = memoryTable();
  const clock = { now: () => 100_000, sleep: async () => undefined };
  const archive = memoryObjects('archive', clock);
  const context = { clock, readText: () => undefined, objects: () => archive };
  await declareDeployment(table, { stage: 'test', archiveBucket: 'archive' });
  const record = recordAfter(...events);
  await table.write(documentKey(documentId), record, 0, indexedRecord(record, clock.now(), personSettings));
  const run = (words: string, options: CommandOptions, on: CommandContext['table'] = table) =>
    runCommand([words, documentId], { ...context, table: on }, { yes: true, ...options });
  const now = async () => {
    const stored = await table.read<DocumentRecord>(documentKey(documentId));
    if (!stored) throw new Error('It is gone.');
    return stored;
  };
  return { table, clock, context, run, now };
};
const times = ({ history }: DocumentRecord, what: string) => history.filter((entry) => entry.what === what).length;

describe.each(actions)('%s %o', (words, options, events, state, what) => {
  it('broken off at any call of the table is done once when it is asked again', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1, over = false; !over; at++) {
        const { table, run, now } = await desk(events);
        const plan = new CrashPlan(at, when);
        const asked = { ...by('Ann'), ...options };
        const first = await run(
          words,
          asked,
          crashing('table', table, () => plan),
        ).catch(() => undefined);
        over = !plan.crashed;
        expect(first?.ok === true).toBe(over);
        const again = await run(words, asked);
        const record = await now();
        expect([again.ok, stateOf(record), times(record, what)], `${when} call ${at}`).toEqual([true, state, 1]);
        expect(at).toBeLessThan(30);
      }
    }
  });

  it('asked by two people at once is done by one, and the other is told by whom', async () => {
    const { run, now } = await desk(events);
    const results = await Promise.all(['Ann', 'Bob'].map((who) => run(words, { ...by(who), ...options })));
    const record = await now();
    expect([stateOf(record), times(record, what)]).toEqual([state, 1]);
    const [winner = ''] = ['Ann', 'Bob'].filter((who) =>
      record.history.some((entry) => entry.what === what && entry.detail?.includes(`by ${who}`)),
    );
    const loser = results.find(({ data }) => !(data as { changed: boolean }).changed);
    expect(loser?.lines.join('\n')).toContain(`by ${winner}`);
  });
});

describe('quarantine apply', () => {
  it('broken off at any call is applied once when it is asked again, or by watch where it was decided', async () => {
    for (const finish of ['again', 'watch'] as const) {
      for (let at = 1, over = false; !over; at++) {
        for (const when of ['before', 'after'] as const) {
          const { table, clock, context, now } = await desk(wasSent);
          const response = { codes: ['30001'], level: 'business', polarity: 'positive' } as const;
          const item: Quarantined = { mailboxId: mailbox, at: 1, why: 'does not say what it answers', response };
          await table.write(quarantineKey('m-1'), item, 0, indexedQuarantined(item));
          const apply = (on: CommandContext['table']) =>
            runCommand(
              ['quarantine', 'apply', 'm-1', documentId],
              { ...context, table: on },
              { ...by('Ann'), yes: true },
            );
          const plan = new CrashPlan(at, when);
          await apply(crashing('table', table, () => plan)).catch(() => undefined);
          over ||= !plan.crashed;
          const decided = (await table.read<Quarantined>(quarantineKey('m-1')))?.decision !== undefined;
          if (finish === 'again') expect((await apply(table)).ok).toBe(true);
          else await finishQuarantined({ table, clock, settings: personSettings }, 'm-1', now);
          const done = finish === 'again' || decided;
          const left = await table.read<Quarantined>(quarantineKey('m-1'));
          expect([stateOf(await now()), left?.done !== undefined]).toEqual([done ? 'ACCEPTED' : 'SENT', done]);
          expect(times(await now(), 'accepted')).toBe(done ? 1 : 0);
        }
      }
    }
  });
});

describe('what would be sent', () => {
  it('does not go before a pause is over or MESH takes its mailbox again, and that is said before', async () => {
    const { table, context, run } = await desk([...wasSent, reported()]);
    const free = await run('resend', { ...by('Ann'), yes: false });
    expect(free.lines.join(' ')).not.toContain('NOT BEFORE');
    const setting = mailboxFile.parse({ mailboxId: mailbox, odsCode: 'RX1', environment: 'integration' });
    await putMailbox(table, setting, { at: 1, by: 'Ann' });
    await changeCourse(table, mailbox, ({ course }) =>
      openCircuit(course, { reason: 'The certificate has ended.', advice: 'Put another.' }, 1),
    );
    await runCommand(['pause'], { ...context, table }, by('Bob'));
    const shown = await run('resend', { ...by('Ann'), yes: false });
    expect(shown.lines.join('\n')).toMatch(
      /PAUSE IS OVER: Sending for everybody is paused, .* by Bob[\s\S]*MAILBOX RX1OT001 AGAIN: The certificate has ended\./,
    );
  });
});
