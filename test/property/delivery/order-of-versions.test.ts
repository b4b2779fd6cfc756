import { describe, expect, it } from 'vitest';
import { hasStanding, type Moment, type Standing, standingBehind } from '../../../shared/delivery/earlier-versions.ts';
import {
  type Claim,
  claimEncounter,
  type Encounter,
  noEncounter,
  releaseEncounter,
} from '../../../shared/delivery/encounter.ts';
import type { DeliveryEvent } from '../../../shared/delivery/events.ts';
import { currentComposition, type DocumentRecord } from '../../../shared/delivery/record.ts';
import { reduce } from '../../../shared/delivery/reduce.ts';
import { inDoubt, nextAttempt, stateOf } from '../../../shared/delivery/state-of.ts';
import { deriveIds } from '../../../shared/pipeline/derive-ids.ts';
import { sendable } from '../../../shared/pipeline/send/sendable.ts';
import { composed, dropOf, meshId, recordAfter } from '../../support/records.ts';

/**
 * Every interleaving of what the sender really does to the store, one atomic step at a time, with a crash after any
 * step: two or three versions of one encounter, the first delivered twice, then a second round after the doubt has
 * waited. The steps use the production decisions; only the store is a variable. The practice takes what is posted, in
 * order, and notes a replacement of what it does not hold and a document beside another that it should have replaced.
 */

interface World {
  readonly now: number;
  readonly encounter: Encounter;
  readonly records: Readonly<Record<number, DocumentRecord>>;
  /** `>1` a post of version 1 began, `<1` it ended. */
  readonly log: string;
  /** D of what the practice holds. */
  readonly practice: readonly string[];
}

interface Sender {
  readonly name: string;
  readonly version: number;
  readonly composition: number;
  readonly step: 'look' | 'claim' | 'settle' | 'begin' | 'post' | 'posted' | 'record' | 'release' | 'anew' | 'over';
  readonly claim?: Claim;
  /** MESH was out of reach: certainly nothing was posted. */
  readonly failed?: true;
  /** Sends what was composed, whatever has become of the versions before. */
  readonly careless?: true;
}

const doubtWait = 900;
const invocation = 100;

const apply = (world: World, version: number, event: DeliveryEvent): World | undefined => {
  const record = world.records[version];
  const reduction = reduce(record, event, world.now);
  return reduction.kind === 'changed'
    ? { ...world, records: { ...world.records, [version]: reduction.record } }
    : undefined;
};

const standingIn = ({ records }: World, version: number, moment: Moment): Standing => {
  const earlier = Object.values(records).filter((record) => (record.version ?? 0) < version);
  for (const record of earlier.reverse()) {
    const standing = standingBehind(record, undefined, moment);
    if (standing !== 'look-further') return standing;
  }
  return {};
};

/** What the practice does with one that arrives: `?` it replaces what is not there, `&` it stands beside another. */
const arrives = ({ practice }: World, record: DocumentRecord): { practice: readonly string[]; note: string } => {
  const { documentBundleId, replaces } = currentComposition(record);
  if (practice.includes(documentBundleId)) return { practice, note: '' };
  const note = replaces === undefined ? (practice.length > 0 ? '&' : '') : practice.includes(replaces) ? '' : '?';
  return { practice: [...practice.filter((held) => held !== replaces), documentBundleId], note };
};

const over = (sender: Sender): Sender => ({ ...sender, step: 'over' });

/** One atomic step. */
const step = (world: World, sender: Sender, claimWith = claimEncounter): [World, Sender] => {
  const { version, claim, composition } = sender;
  const record = world.records[version];
  if (!record) throw new Error('no such version');
  switch (sender.step) {
    case 'look': {
      const message = { documentId: record.documentId, composition, attempt: 1 };
      const decision = sendable({ ...record, revision: 1 }, message, world.now, doubtWait);
      if (decision.kind !== 'send') return [world, over(sender)];
      const wanted: Claim = {
        documentId: record.documentId,
        version,
        attempt: nextAttempt(record),
        owner: sender.name,
        deadline: world.now + invocation,
      };
      return [world, { ...sender, step: 'claim', claim: wanted }];
    }
    case 'claim': {
      if (!claim) throw new Error('no claim');
      const outcome = claimWith(world.encounter, claim, world.now);
      if (outcome.kind === 'claimed')
        return [
          { ...world, encounter: outcome.encounter },
          { ...sender, step: sender.careless ? 'begin' : 'settle' },
        ];
      if (outcome.kind === 'superseded') {
        const next = apply(world, version, { kind: 'superseded', composition, byVersion: outcome.by });
        return [next ?? world, over(sender)];
      }
      return [world, over(sender)];
    }
    case 'settle': {
      if (!claim) throw new Error('no claim');
      const standing = standingIn(world, version, 'claimed');
      if (inDoubt(record) || hasStanding(currentComposition(record), standing))
        return [world, { ...sender, step: 'begin' }];
      const next = apply(world, version, { kind: 'standing-decided', composition, standing, ids: deriveIds });
      if (!next || stateOf(next.records[version] ?? record) === 'COMPOSED') {
        return [next ?? world, { ...sender, step: 'begin' }];
      }
      const encounter = releaseEncounter(next.encounter, claim);
      return [
        { ...next, encounter },
        { ...sender, step: 'anew', composition: composition + 1 },
      ];
    }
    case 'anew': {
      const next = apply(world, version, composed(composition));
      return [next ?? world, { ...sender, step: 'look' }];
    }
    case 'begin': {
      if (!claim) throw new Error('no claim');
      const { attempt, owner, deadline } = claim;
      const next = apply(world, version, { kind: 'attempt-begun', composition, attempt, owner, deadline });
      if (next) return [next, { ...sender, step: 'post' }];
      return [{ ...world, encounter: releaseEncounter(world.encounter, claim) }, over(sender)];
    }
    case 'post': {
      // `!`: another version of the encounter is in doubt, and is being overtaken.
      const overtakes = Object.entries(world.records).some(([other, one]) => Number(other) !== version && inDoubt(one));
      const { practice, note } = arrives(world, record);
      const log = `${world.log}${overtakes ? '!' : ''}${note}>${version}`;
      return [
        { ...world, log, practice },
        { ...sender, step: 'posted' },
      ];
    }
    case 'posted':
      return [
        { ...world, log: `${world.log}<${version}` },
        { ...sender, step: 'record' },
      ];
    case 'record': {
      if (!claim) throw new Error('no claim');
      const next = apply(world, version, {
        kind: 'attempt-ended',
        composition,
        attempt: claim.attempt,
        owner: claim.owner,
        outcome: sender.failed
          ? { kind: 'not-sent', at: world.now, reason: 'out of reach' }
          : { kind: 'sent', at: world.now, meshMessageId: meshId(sender.name) },
      });
      return [next ?? world, { ...sender, step: 'release' }];
    }
    case 'release': {
      // Only what the record says may be released.
      const release = record.work.releaseClaim;
      const encounter = release
        ? releaseEncounter(world.encounter, { documentId: record.documentId, ...release })
        : world.encounter;
      return [{ ...world, encounter }, over(sender)];
    }
    case 'over':
      return [world, sender];
  }
};

interface Findings {
  states: number;
  endings: World[];
  crashes: number;
}

const explore = (
  start: World,
  senders: readonly Sender[],
  mayCrash: boolean,
  claimWith = claimEncounter,
  mayFail = false,
): Findings => {
  const seen = new Set<string>();
  const found: Findings = { states: 0, endings: [], crashes: 0 };
  const visit = (world: World, actors: readonly Sender[], crashed: boolean) => {
    const key = JSON.stringify([world, actors, crashed]);
    if (seen.has(key)) return;
    seen.add(key);
    found.states += 1;
    const running = actors.flatMap((actor, index) => (actor.step === 'over' ? [] : [index]));
    if (running.length === 0) {
      found.endings.push(world);
      return;
    }
    for (const index of running) {
      const actor = actors[index];
      if (!actor) continue;
      const [next, moved] = step(world, actor, claimWith);
      visit(next, actors.with(index, moved), crashed);
      if (mayFail && actor.step === 'post') {
        visit(world, actors.with(index, { ...actor, step: 'record', failed: true }), crashed);
      }
      if (mayCrash && !crashed) {
        found.crashes += 1;
        visit(world, actors.with(index, over(actor)), true);
      }
    }
  };
  visit(start, senders, false);
  return found;
};

const actor = (name: string, version: number): Sender => ({ name, version, composition: 1, step: 'look' });
/** All versions dropped and composed, each in the expectation that the one before goes first. */
const world = (versions = 2): World => {
  let start: World = { now: 0, encounter: noEncounter, records: {}, log: '', practice: [] };
  for (let version = 1; version <= versions; version++) {
    const standing = standingIn(start, version, 'dropped');
    const event: DeliveryEvent = { kind: 'dropped', drop: dropOf(version), ids: deriveIds, standing };
    start = { ...start, records: { ...start.records, [version]: recordAfter(event, composed()) } };
  }
  return start;
};
/** As a redelivery finds it: the message of the composition that is current. */
const again = (name: string, version: number, { records }: World): Sender => ({
  ...actor(name, version),
  composition: records[version]?.compositions.length ?? 1,
});

const faultsOf = ({ log }: World): string[] => {
  const faults: string[] = log.includes('!') ? ['a doubt was overtaken'] : [];
  if (log.includes('?')) faults.push('a replacement of what the practice does not hold');
  if (log.includes('&')) faults.push('a version beside one that it should have replaced');
  const marks = log.match(/[<>]\d/g) ?? [];
  let flying = 0;
  let newest = 0;
  for (const mark of marks) {
    const version = Number(mark[1]);
    if (mark[0] === '<') {
      flying -= 1;
      continue;
    }
    if (version < newest) faults.push(`version ${version} begun after version ${newest}`);
    if (flying > 0) faults.push(`version ${version} begun while another post was in flight`);
    newest = Math.max(newest, version);
    flying += 1;
  }
  return faults;
};

const postsOf = ({ log }: World, version: number) => log.split(`>${version}`).length - 1;

describe('the order of an encounter’s versions', () => {
  it('no interleaving of two versions and a duplicate delivery posts twice, out of order or over another', () => {
    const { endings, states } = explore(world(), [actor('a', 1), actor('b', 1), actor('c', 2)], false);
    expect(states).toBeGreaterThan(200);
    for (const ending of endings) {
      expect(faultsOf(ending)).toEqual([]);
      expect(postsOf(ending, 1)).toBeLessThanOrEqual(1);
      expect(postsOf(ending, 2)).toBeLessThanOrEqual(1);
      // Whoever was not sent waits or was overtaken; nobody is lost.
      for (const version of [1, 2]) {
        const record = ending.records[version];
        if (!record) throw new Error('lost');
        expect(postsOf(ending, version) === 1 ? ['SENT'] : ['COMPOSED', 'SUPERSEDED']).toContain(stateOf(record));
      }
    }
  });

  it('finds what it looks for: without the claim it reports versions out of order', () => {
    const careless: typeof claimEncounter = (encounter, wanted) => ({
      kind: 'claimed',
      encounter: { ...encounter, inFlight: wanted },
    });
    const { endings } = explore(world(), [actor('a', 1), actor('b', 1), actor('c', 2)], false, careless);
    expect(endings.flatMap(faultsOf)).toContain('version 1 begun after version 2');
    expect(endings.flatMap(faultsOf)).toContain('version 2 begun while another post was in flight');
  });

  it('a crash after any step leaves no second post within the round, and what is in doubt says so', () => {
    const { endings, crashes } = explore(world(), [actor('a', 1), actor('b', 1), actor('c', 2)], true);
    expect(crashes).toBeGreaterThan(100);
    const violations = endings.flatMap((ending) => [
      ...(postsOf(ending, 1) > 1 ? ['version 1 posted twice'] : []),
      ...(postsOf(ending, 2) > 1 ? ['version 2 posted twice'] : []),
      ...faultsOf({ ...ending, log: ending.log.replace(/>(\d)(?!<\1)(?=[!?&>]|$)/g, '>$1<$1') }),
    ]);
    expect(violations).toEqual([]);
    for (const ending of endings) {
      for (const version of [1, 2]) {
        const record = ending.records[version];
        if (!record || postsOf(ending, version) === 0) continue;
        expect(['SENT', 'SENDING']).toContain(stateOf(record));
      }
    }
  });

  it('after the doubt has waited, a second round re-sends at most once and flags it', () => {
    const first = explore(world(), [actor('a', 1), actor('b', 1)], true);
    let resent = 0;
    for (const ending of first.endings) {
      const later: World = { ...ending, now: invocation + doubtWait + 1 };
      const second = explore(later, [again('d', 1, later), again('e', 1, later)], false);
      for (const last of second.endings) {
        const record = last.records[1];
        if (!record) throw new Error('lost');
        expect(postsOf(last, 1)).toBeLessThanOrEqual(2);
        expect(stateOf(record)).toBe('SENT');
        const flagged = currentComposition(record).possibleDuplicate === true;
        if (postsOf(last, 1) === 2) {
          resent += 1;
          expect(flagged).toBe(true);
        }
      }
    }
    expect(resent).toBeGreaterThan(0);
  });

  it('after a crash, re-sends that certainly fail and a later version: nobody overtakes a doubt, nothing goes twice unflagged', () => {
    const first = explore(world(), [actor('a', 1), actor('c', 2)], true, claimEncounter, true);
    let failedAfterDoubt = 0;
    for (const ending of first.endings) {
      const later: World = { ...ending, now: invocation + doubtWait + 1 };
      const second = explore(later, [again('d', 1, later), again('e', 2, later)], false, claimEncounter, true);
      for (const middle of second.endings) {
        const last: World = { ...middle, now: 2 * (invocation + doubtWait + 1) };
        const third = explore(last, [again('f', 1, last), again('g', 2, last)], false);
        for (const last of third.endings) {
          expect(faultsOf({ ...last, log: last.log.replace(/>(\d)(?!<\1)(?=[!?&>]|$)/g, '>$1<$1') })).toEqual([]);
          for (const version of [1, 2]) {
            const record = last.records[version];
            if (!record) throw new Error('lost');
            const posts = postsOf(last, version);
            expect(posts).toBeLessThanOrEqual(2);
            if (posts === 2) expect(currentComposition(record).possibleDuplicate).toBe(true);
            // What may have left is never called unsent.
            if (posts > 0) expect(['SENT', 'SENDING']).toContain(stateOf(record));
            if (posts > 0 && currentComposition(record).attempts.some(({ outcome }) => outcome?.kind === 'not-sent')) {
              failedAfterDoubt += 1;
            }
          }
        }
      }
    }
    expect(failedAfterDoubt).toBeGreaterThan(0);
  });

  it('a doubtful version keeps later ones waiting until it is cleared up', () => {
    const [looked, a1] = step(world(), actor('a', 1));
    const [claimed, a2] = step(looked, a1);
    const [settled, a3] = step(claimed, a2);
    const [begun, a4] = step(settled, a3);
    const [posting] = step(begun, a4);
    const { endings } = explore({ ...posting, now: 10_000 }, [actor('c', 2)], false);
    for (const ending of endings) expect(postsOf(ending, 2)).toBe(0);
  });

  it('finds what it looks for: sent as composed, it reports a replacement of what is not there', () => {
    const { endings } = explore(world(), [actor('a', 1), { ...actor('c', 2), careless: true }], false);
    expect(endings.flatMap(faultsOf)).toContain('a replacement of what the practice does not hold');
  });

  it('three versions, one delivered twice: the practice holds one, which replaces what it held (GPCM-SD-123, GPCM-SD-129)', () => {
    const senders = [actor('a', 1), actor('b', 2), actor('c', 3), actor('d', 3)];
    const { endings, states } = explore(world(3), senders, false);
    expect(states).toBeGreaterThan(1000);
    const lengths = new Set<number>();
    for (const ending of endings) {
      expect(faultsOf(ending)).toEqual([]);
      expect(ending.practice.length).toBeLessThanOrEqual(1);
      lengths.add(ending.log.match(/>/g)?.length ?? 0);
      for (const version of [1, 2, 3]) {
        const record = ending.records[version];
        if (!record) throw new Error('lost');
        const posts = postsOf(ending, version);
        expect(posts).toBeLessThanOrEqual(1);
        expect(posts === 1 ? ['SENT'] : ['COMPOSED', 'SUPERSEDED']).toContain(stateOf(record));
      }
    }
    // All, two, one, or none yet, because each found another in flight.
    expect([...lengths].sort()).toEqual([0, 1, 2, 3]);
  });

  it('three versions, a crash after any step and a second round: nothing out of order, over a doubt or beside another', () => {
    const first = explore(world(3), [actor('a', 1), actor('b', 2), actor('c', 3)], true);
    expect(first.crashes).toBeGreaterThan(1000);
    const completed = (log: string) => log.replace(/>(\d)(?!<\1)(?=[!?&>]|$)/g, '>$1<$1');
    const seen = new Set<string>();
    for (const ending of first.endings) {
      const later: World = { ...ending, now: invocation + doubtWait + 1 };
      const key = JSON.stringify(later);
      if (seen.has(key)) continue;
      seen.add(key);
      const round = explore(later, [again('d', 1, later), again('e', 2, later), again('f', 3, later)], false);
      for (const last of round.endings) {
        expect(faultsOf({ ...last, log: completed(last.log) })).toEqual([]);
        expect(last.practice.length).toBeLessThanOrEqual(1);
        for (const version of [1, 2, 3]) {
          const record = last.records[version];
          if (!record) throw new Error('lost');
          const posts = postsOf(last, version);
          expect(posts).toBeLessThanOrEqual(2);
          if (posts === 2) expect(currentComposition(record).possibleDuplicate).toBe(true);
          if (posts > 0) expect(['SENT', 'SENDING']).toContain(stateOf(record));
        }
      }
    }
  });

  it('each version that goes points at the one that went before it, never at the first (GPCM-SD-129)', () => {
    let replacements = 0;
    for (const { log, records } of explore(world(3), [actor('a', 1), actor('b', 2), actor('c', 3)], false).endings) {
      const gone = [1, 2, 3].filter((version) => log.includes(`>${version}`));
      const told = gone.map((version) => {
        const record = records[version];
        if (!record) throw new Error('lost');
        return currentComposition(record);
      });
      for (const [index, composition] of told.entries()) {
        const before = told[index - 1];
        expect(composition.replaces).toBe(before?.documentBundleId);
        expect(composition.predecessor?.version).toBe(gone[index - 1]);
        if (before) replacements += 1;
      }
    }
    expect(replacements).toBeGreaterThan(0);
  });

  /** One that posted and was then frozen: what it has to say comes when others have long been at work. */
  const frozenAfterPost = (start: World): [World, Sender] => {
    let here: World = start;
    let sender = actor('a', 1);
    while (sender.step !== 'record') [here, sender] = step(here, sender);
    return [{ ...here, now: invocation + doubtWait + 1 }, sender];
  };

  it.each([
    ['two versions and a duplicate delivery', 2, [1, 1, 2]],
    ['three versions', 3, [1, 2, 3]],
  ] as const)(
    'a late outcome among %s: recorded whenever it comes, nothing overtakes or goes twice unflagged',
    (_, versions, deliveries) => {
      const [later, frozen] = frozenAfterPost(world(versions));
      const others = deliveries.map((version, index) => again(`late-${index}`, version, later));
      const { endings, states } = explore(later, [frozen, ...others], false);
      expect(states).toBeGreaterThan(100);
      let resent = 0;
      for (const last of endings) {
        expect(faultsOf(last)).toEqual([]);
        expect(last.practice.length).toBeLessThanOrEqual(1);
        const first = last.records[1];
        if (!first) throw new Error('lost');
        expect(stateOf(first)).toBe('SENT');
        const { attempts, possibleDuplicate } = currentComposition(first);
        expect(attempts.find(({ owner }) => owner === 'a')?.outcome).toMatchObject({
          kind: 'sent',
          meshMessageId: meshId('a'),
        });
        expect(postsOf(last, 1)).toBeLessThanOrEqual(2);
        if (postsOf(last, 1) === 2) {
          resent += 1;
          expect(possibleDuplicate).toBe(true);
        }
        for (let version = 2; version <= versions; version++) {
          const record = last.records[version];
          if (!record) throw new Error('lost');
          expect(postsOf(last, version)).toBeLessThanOrEqual(1);
          expect(postsOf(last, version) === 1 ? ['SENT'] : ['COMPOSED', 'SUPERSEDED', 'RECEIVED']).toContain(
            stateOf(record),
          );
        }
      }
      expect(resent).toBeGreaterThan(0);
    },
  );
});
