import { days, hours, minutes, seconds } from '../../../shared/platform/clock.ts';
import { type Accounts, accountsOf } from './accounts.ts';
import { chance } from './chance.ts';
import { type Conduct, createPractice } from './practice.ts';
import type { Fate } from './scheduler.ts';
import { type Handed, type HandOver, handOver } from './story.ts';
import { createWorld, type SenderOds, senders, type World } from './world.ts';

/**
 * Documents of every kind with random faults at every hop, until nothing moves any more; then they are counted. Faults
 * stop after a while, as they do: what is asked is that everything ends in a state that is true.
 */

export interface SoakSetting {
  readonly documents: number;
  readonly seed: number;
  /** Told now and then how far it is. */
  readonly onProgress?: (text: string) => void;
}

export interface SoakResult extends Accounts {
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly world: World;
}

const conducts: readonly Conduct[] = [
  ...Array.from({ length: 10 }, () => 'accepts' as const),
  'accepts, business first',
  'accepts, business first',
  'accepts twice over',
  'accepts without 20013',
  'rejects for the patient',
  'rejects the message',
  'takes it in and falls silent',
  'is silent',
  'cannot be reached',
];

const conditionalWrites = new Set(['table.write', 'table.remove', 'drops.put', 'archive.put', 'archive.copyFrom']);

export const soak = async ({ documents, seed, onProgress }: SoakSetting): Promise<SoakResult> => {
  const luck = chance(seed * 7919 + 13);
  const faults: Record<string, number> = {};
  const met = (what: string) => {
    faults[what] = (faults[what] ?? 0) + 1;
  };
  const start = Date.UTC(2026, 2, 2, 9);
  /** Faults for as long as documents come, and an hour more. */
  const spread = minutes(Math.max(30, documents / 4));
  let stormy = true;
  let clockError = 0;

  const fate = (call: string): Fate => {
    if (!stormy || !luck.happens(0.012)) return 'well';
    const fates: Fate[] = ['dies before', 'dies after', 'fails before', 'fails before', 'fails after'];
    if (conditionalWrites.has(call)) fates.push('conflicts after');
    // An exchange with MESH fails by its weather, or with its process.
    const met_ = luck.pick(call.startsWith('mesh.') ? fates.slice(0, 2) : fates);
    met(met_);
    return met_;
  };

  const world = await createWorld({
    seed,
    start,
    fate,
    weather(operation, mailboxId) {
      if (!stormy) return { kind: 'fair' };
      // A mailbox whose password is wrong for an hour: its circuit opens.
      if (
        mailboxId === 'RX3OT001' &&
        world.clock.now() > start + minutes(20) &&
        world.clock.now() < start + minutes(80)
      ) {
        if (operation !== 'unknown') return { kind: 'status', status: 403 };
      }
      if (!luck.happens(operation === 'send' ? 0.06 : 0.02)) return { kind: 'fair' };
      const weather = luck.pick([
        { kind: 'cut', when: 'before' },
        { kind: 'cut', when: 'after' },
        { kind: 'cut', when: 'after' },
        { kind: 'status', status: 503 },
        { kind: 'status', status: 429 },
        { kind: 'status', status: 504, processed: true },
      ] as const);
      met(`MESH ${weather.kind} ${'when' in weather ? weather.when : weather.status}`);
      return weather;
    },
    lag: () => (luck.happens(0.05) ? luck.whole(0, minutes(4)) : luck.whole(0, 3000)),
    clockError: () => clockError,
    skew: () => luck.whole(-seconds(20), seconds(20)),
    events() {
      if (stormy && luck.happens(0.01)) {
        met('event lost');
        return [];
      }
      if (luck.happens(0.05)) {
        met('event twice');
        return [luck.whole(0, 5000), luck.whole(0, minutes(3))];
      }
      return [luck.whole(0, 4000)];
    },
    twice() {
      if (!luck.happens(0.01)) return false;
      met('message twice');
      return true;
    },
  });
  const { clock } = world;
  const byHeader = new Map<string, Conduct>();
  const practice = createPractice(world, {
    conduct(header) {
      const conduct = byHeader.get(header) ?? luck.pick(conducts);
      byHeader.set(header, conduct);
      return conduct;
    },
    delay: () => luck.whole(seconds(5), luck.happens(0.1) ? hours(2) : minutes(12)),
  });

  // Clocks go wrong together now and then: forward by minutes, back again, once by an hour.
  for (let n = 0; n < 6; n++) {
    const at = luck.whole(0, spread);
    const by = luck.pick([minutes(7), -minutes(4), hours(1), -minutes(11)]);
    clock.at(start + at, () => {
      clockError = by;
      met('clock jumped');
    });
    clock.at(start + at + luck.whole(minutes(1), minutes(15)), () => {
      clockError = 0;
    });
  }

  const handed: Handed[] = [];
  let outstanding = 0;
  const give = (after: number, what: HandOver, counts = true) => {
    outstanding += 1;
    clock.at(start + after, () => {
      void handOver(world, what).then((one) => {
        if (counts) handed.push(one);
        outstanding -= 1;
      });
    });
  };
  let planned = 0;
  while (planned < documents) {
    const odsCode: SenderOds = luck.pick(senders.map((one) => one.odsCode));
    const encounterId = luck.uuid();
    const at = luck.whole(0, spread);
    const soon = () => at + luck.whole(0, minutes(30));
    const plain: HandOver = { odsCode, encounterId };
    planned += 1;
    const kind = luck.whole(1, 100);
    if (kind <= 62) give(at, plain);
    else if (kind <= 68) give(at, { ...plain, attachments: true });
    else if (kind <= 80 && planned < documents) {
      // Two versions, now and then at once.
      planned += 1;
      give(at, plain);
      give(luck.happens(0.3) ? at : soon(), {
        ...plain,
        version: 2,
        overrides: { practitioner: { family: 'Adeyemi-Cole' } },
      });
    } else if (kind <= 84) {
      give(at, plain);
      give(soon(), { ...plain, name: luck.happens(0.5) ? `${encounterId}-1` : `${encounterId}-again` }, false);
    } else if (kind <= 88) {
      // Refused here, and put right.
      give(at, { ...plain, overrides: { patient: { nhsNumber: '9691375088' } } }, false);
      give(at + minutes(40) + luck.whole(0, minutes(20)), plain);
    } else if (kind <= 92) give(at, { ...plain, overrides: { patient: { nhsNumber: '9691375088' } } });
    else if (kind <= 95) give(at, { ...plain, overrides: { patient: { birthDate: '1999-01-01' } } });
    else if (kind <= 97) give(at, { ...plain, overrides: { confidential: true } });
    else {
      // The same identity with other content, while the first is under way or after.
      give(at, plain);
      give(soon(), { ...plain, name: `${encounterId}-other`, overrides: { practitioner: { family: 'Other' } } }, false);
    }
  }

  const still = () => outstanding === 0 && practice.pending() === 0 && world.quiet();
  onProgress?.(`${planned} documents over ${spread / minutes(1)} minutes`);
  await world.run(start + spread + hours(1));
  onProgress?.(`faults end; ${practice.posts.length} messages at MESH`);
  stormy = false;
  clockError = 0;
  await world.run(start + spread + hours(7));
  onProgress?.('due times pass');
  // Whatever nobody answers is overdue by now: a day for the infrastructure, two more for the business.
  for (const after of [days(1.2), days(4)]) {
    world.scheduler.advanceTo(start + spread + after);
    // A silence is told at a look after the first poll, five minutes later: until then it is quiet, and not yet over.
    await world.run(world.clock.now() + minutes(15));
    await world.run(world.clock.now() + minutes(40), still);
  }
  const accounts = await accountsOf(world, practice, handed);
  return { ...accounts, seed, faults, world };
};
