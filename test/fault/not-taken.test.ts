import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeDrop } from '../../local/samples/variants.ts';
import { readWaiting } from '../../shared/notices/pending.ts';
import { watchDrop } from '../../shared/pipeline/watch/watch-drop.ts';
import { hours, minutes } from '../../shared/platform/clock.ts';
import { CrashPlan } from '../support/faults.ts';
import { createRig, type GivenNotice, otherSender, type Rig } from '../support/rig.ts';

/** What was handed over and not taken is told too, once, whatever breaks between (GPCM-SD-094). */

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.crashWith(undefined));

const told = async (leap = minutes(2)): Promise<readonly GivenNotice[]> => {
  const before = rig.notices.length;
  rig.clock.leap(leap);
  await rig.watch();
  await rig.takeEvents();
  // Digests come when the clock passes their hour, whatever a test is about.
  return rig.notices.slice(before).filter(({ subject = '' }) => !subject.includes('summary'));
};
const waiting = async () => (await readWaiting(rig.table, 'RX1'))?.waiting ?? [];
const idsIn = (notices: readonly GivenNotice[]): string[] =>
  notices.flatMap(({ body }) => [...body.matchAll(/Notice ([0-9a-f-]{36})/g)].map(([, id]) => id ?? ''));
const put = (key: string, body = 'a report') => rig.drops.put(`inbox/${key}`, body);
const png = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000049454e44ae426082',
  'hex',
);

/** Runs it with a crash before and after each of its calls; how many there are. Each run must be told under one id. */
const atEachCall = async (run: (crash: () => void) => Promise<void>): Promise<number> => {
  let calls = 0;
  for (const when of ['before', 'after'] as const) {
    for (let at = 1; ; at++) {
      const plan = new CrashPlan(at, when);
      const before = rig.notices.length;
      await run(() => rig.crashWith(plan));
      rig.crashWith(undefined);
      for (let minute = 0; minute < 2; minute++) await told();
      expect(new Set(idsIn(rig.notices.slice(before))).size, `${when} call ${at}: ${plan.names.at(-1)}`).toBe(1);
      expect(await waiting()).toEqual([]);
      if (!plan.crashed) break;
      calls = Math.max(calls, at);
    }
  }
  return calls;
};

describe('a name that cannot be used', () => {
  it('is told once, however often its event comes, and without the name (GPCM-SD-094)', async () => {
    await put('RX1/Fernández Jones.pdf');
    rig.events.push(...rig.events);
    await rig.takeEvents();
    const [notice, ...others] = await told();
    expect(others).toEqual([]);
    expect(notice?.attributes).toEqual({ senderOds: 'RX1', audience: 'sender' });
    expect(notice?.subject).toBe('Send Document RX1: 1 handed over and not taken (NAME_REFUSED)');
    expect(notice?.body).toContain('Nothing of them was sent');
    expect(JSON.stringify(notice)).not.toMatch(/Fern|Jones/);
    // The sweep hands it over again, as long as it lies there.
    for (let turn = 0; turn < 6; turn++) expect(await told(minutes(16))).toEqual([]);
  });

  it('is told once where an uploader puts the same there each night, and anew where it is another report', async () => {
    const key = `RX1/${randomUUID()}.PDF`;
    const night = async (body: string) => {
      await put(key, body);
      await rig.takeEvents();
      return (await told()).map(({ subject }) => subject);
    };
    expect(await night('a report')).toHaveLength(1);
    for (let nights = 0; nights < 3; nights++) {
      rig.clock.leap(hours(24));
      expect(await night('a report')).toEqual([]);
    }
    expect(await night('a longer report')).toHaveLength(1);
    expect(await night('a longer report')).toEqual([]);
  });

  it('in the folder of nobody who is registered is told to nobody', async () => {
    await put(`${otherSender.odsCode}/a b.pdf`);
    await rig.takeEvents();
    expect(await told()).toEqual([]);
    expect((await rig.keys(rig.drops, `receipts/${otherSender.odsCode}/`)).length).toBe(1);
  });

  it('is neither lost nor told under two ids where a process dies at any of its calls', async () => {
    const calls = await atEachCall(async (crash) => {
      await put(`RX1/${randomUUID()}.PDF`);
      crash();
      await rig.takeEvents();
      rig.crashWith(undefined);
      await rig.takeEvents();
    });
    expect(calls).toBeGreaterThanOrEqual(5);
  });
});

describe('attachments that no manifest names', () => {
  const alone = async (name: string) => {
    for (const file of ['scan-jones.png', 'second.png']) await rig.drops.put(`inbox/RX1/${name}/${file}`, png);
    await rig.takeEvents();
    rig.clock.leap(minutes(62));
  };

  it('are told when they are taken out, as one matter, and not again each night (GPCM-SD-094)', async () => {
    const name = randomUUID();
    await alone(name);
    await rig.watch();
    const [notice, ...others] = await told();
    expect(others).toEqual([]);
    expect(notice?.subject).toBe('Send Document RX1: 1 handed over and not taken (ATTACHMENTS_REJECTED)');
    expect(notice?.body).not.toContain(name);
    expect(notice?.body).not.toContain('jones');
    for (let nights = 0; nights < 2; nights++) {
      await alone(name);
      expect(await told()).toEqual([]);
      expect(await rig.keys(rig.drops, `inbox/RX1/${name}/`)).toEqual([]);
      expect(await told()).toEqual([]);
    }
  });

  it('are neither lost nor told under two ids where a process dies at any of its calls', async () => {
    const calls = await atEachCall(async (crash) => {
      const name = randomUUID();
      await alone(name);
      crash();
      await watchDrop({ ...rig.context, deadline: rig.deadline() }, `RX1/${name}`).catch(() => undefined);
    });
    expect(calls).toBeGreaterThanOrEqual(9);
  });
});

describe('other content under a version that was taken', () => {
  const encounterId = randomUUID();
  const refuse = (family: string, name: string = randomUUID()) =>
    rig.drop(name, { encounterId, practitioner: { family } }, { text: 'other content' });

  it('is told once for each content, with the document that stands (GPCM-SD-094)', async () => {
    const { documentId } = await rig.drop(randomUUID(), { encounterId });
    await rig.takeEvents();
    await rig.takeOutbox();
    rig.answer('20013', '30001');
    await rig.poll();
    await told();
    await refuse('Adeyemi', 'jones-again');
    await rig.takeEvents();
    const [notice, ...others] = await told();
    expect(others).toEqual([]);
    expect(notice?.subject).toBe('Send Document RX1: 1 handed over and not taken (DROP_REFUSED)');
    expect(notice?.body).toContain(`   - Document ${documentId}, version 1, which is ACCEPTED. Notice `);
    expect(JSON.stringify(notice)).not.toMatch(/jones|Adeyemi/);
    for (const name of ['jones-again', randomUUID()]) {
      await refuse('Adeyemi', name);
      await rig.takeEvents();
      expect((await rig.receipt(name))?.state).toBe('DROP_REFUSED');
      expect(await told()).toEqual([]);
    }
    await refuse('Cole');
    await rig.takeEvents();
    expect(await told()).toHaveLength(1);
  });

  it('is neither lost nor told under two ids where a process dies at any of its calls', async () => {
    let count = 0;
    const calls = await atEachCall(async (crash) => {
      count += 1;
      await refuse(`Cole-${String.fromCharCode(97 + (count % 26))}${String.fromCharCode(97 + Math.floor(count / 26))}`);
      crash();
      await rig.takeEvents();
      rig.crashWith(undefined);
      await rig.takeEvents();
    });
    expect(calls).toBeGreaterThanOrEqual(15);
  });
});

describe('a half, or a PDF that its manifest does not name', () => {
  it.each(['pdf', 'json'] as const)(
    'that waits alone as .%s becomes a document that is REJECTED, and told',
    async (extension) => {
      const made = await makeDrop({ text: 'alone' }, { encounterId: randomUUID() });
      await rig.drops.put(`inbox/RX1/${randomUUID()}.${extension}`, extension === 'pdf' ? made.pdf : made.json);
      await rig.takeEvents();
      expect(await told(minutes(6))).toEqual([]);
      await told(minutes(56));
      expect((await told()).map(({ subject }) => subject)).toEqual([
        'Send Document RX1: 1 document needs somebody (REJECTED)',
      ]);
    },
  );

  it.each(['pdf', 'json'] as const)(
    'that an uploader puts there alone each night as .%s is one document, told once, and its receipt follows',
    async (extension) => {
      const name = randomUUID();
      const made = await makeDrop({ text: 'each night' }, { encounterId: randomUUID() });
      const documents: unknown[] = [];
      const given: GivenNotice[] = [];
      for (let night = 0; night < 3; night++) {
        await rig.drops.put(`inbox/RX1/${name}.${extension}`, extension === 'pdf' ? made.pdf : made.json);
        await rig.takeEvents();
        const droppedAt = rig.clock.now();
        for (const leap of [6, 56, 2]) given.push(...(await told(minutes(leap))));
        const receipt = await rig.receipt(name);
        expect(receipt?.state).toBe('REJECTED');
        expect(Date.parse(receipt?.droppedAt ?? '')).toBeGreaterThan(droppedAt);
        expect(await rig.keys(rig.drops, `inbox/RX1/${name}`)).toEqual([]);
        documents.push(receipt?.documentId);
      }
      expect(new Set(documents).size).toBe(1);
      expect(idsIn(given)).toHaveLength(1);
    },
  );

  it('is neither lost nor told under two ids where a process dies at any of its calls', async () => {
    const made = await makeDrop({ text: 'alone' }, { encounterId: randomUUID() });
    const calls = await atEachCall(async (crash) => {
      const name = randomUUID();
      await rig.drops.put(`inbox/RX1/${name}.pdf`, made.pdf);
      await rig.takeEvents();
      rig.clock.leap(minutes(62));
      crash();
      await watchDrop({ ...rig.context, deadline: rig.deadline() }, `RX1/${name}`).catch(() => undefined);
    });
    expect(calls).toBeGreaterThanOrEqual(15);
  });

  it('that is another one too', async () => {
    const name = randomUUID();
    const made = await makeDrop({ text: 'named' }, { encounterId: randomUUID() });
    const other = await makeDrop({ text: 'not named' }, {});
    await rig.drops.put(`inbox/RX1/${name}.pdf`, other.pdf);
    await rig.drops.put(`inbox/RX1/${name}.json`, made.json);
    await rig.takeEvents();
    expect(await told()).toEqual([]);
    await told(minutes(62));
    expect((await told()).map(({ subject }) => subject)).toEqual([
      'Send Document RX1: 1 document needs somebody (REJECTED)',
    ]);
  });
});
