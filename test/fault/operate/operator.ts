import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { TEST_PATIENTS } from '../../../local/samples/test-patients.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import { stateOf } from '../../../shared/delivery/state-of.ts';
import type { CommandContext, CommandOptions } from '../../../shared/operate/command.ts';
import { runCommand } from '../../../shared/operate/commands.ts';
import { hours, minutes } from '../../../shared/platform/clock.ts';
import { createRig, headerOf, type Rig, sender } from '../../support/rig.ts';

export const ann = { by: 'Ann Bell', why: 'practice has telephoned' };
export const bob = { by: 'Bob Hall', why: 'on the list' };
/** What is printed. */
export const said = (result: { lines: readonly string[] } | undefined) => result?.lines.join('\n') ?? '';

/** A suite's operator: commands with the whole pipeline behind them. The command changes the record, watch does the rest. */
export const operator = () => {
  let rig: Rig;
  const files = new Map<string, string>();
  beforeAll(async () => {
    rig = await createRig();
  });
  /** All that commands printed, and the lists that they wrote. */
  const printed: string[] = [];
  afterAll(async () => {
    await rig.close();
    const patients = TEST_PATIENTS.flatMap(({ nhsNumber, family, given }) => [nhsNumber, family, ...given]);
    const shown = patients.filter((value) => printed.some((text) => text.includes(value)));
    expect(printed.length).toBeGreaterThan(10);
    expect(shown, 'patient data was printed').toEqual([]);
  });
  beforeEach(() => {
    rig.crashWith(undefined);
    rig.mesh.control.clearFaults();
    rig.outbox.splice(0);
    files.clear();
  });

  const contextOf = (more: Partial<CommandContext> = {}): CommandContext => ({
    ...rig.operating,
    // Who looks.
    by: ann.by,
    readText: (path) => files.get(path),
    writeText: (path, text) => {
      if (files.has(path)) return 'exists';
      printed.push(text);
      files.set(path, text);
      return 'written';
    },
    ...more,
  });
  const operate = async (
    words: string,
    options: CommandOptions = { ...ann, yes: true },
    more: Partial<CommandContext> = {},
  ) => {
    const result = await runCommand(words.split(' '), contextOf(more), options);
    printed.push(JSON.stringify(result));
    return result;
  };

  const recordOf = async (documentId: string) => {
    const record = await rig.record(documentId);
    if (!record) throw new Error(`There is no document ${documentId}.`);
    return record;
  };
  const stateNow = async (documentId: string) => stateOf(await recordOf(documentId));
  const postsOf = async (documentId: string) => {
    const headers = (await recordOf(documentId)).compositions.map(({ messageHeaderId }) => messageHeaderId as string);
    // MESH forgets what nobody has fetched for five days.
    return rig.mesh.control
      .sent()
      .filter(({ from, body }) => from === sender.mailboxId && body.length > 0 && headers.includes(headerOf(body)));
  };
  const drop = async (overrides: Parameters<Rig['drop']>[1] = {}) => {
    const name = randomUUID();
    const { documentId, manifest } = await rig.drop(name, { encounterId: randomUUID(), ...overrides });
    await rig.takeEvents();
    return { documentId: documentId as string, name, encounterId: manifest.encounterId };
  };
  const sent = async (overrides: Parameters<Rig['drop']>[1] = {}) => {
    const made = await drop(overrides);
    await rig.takeOutbox();
    expect(await stateNow(made.documentId)).toBe('SENT');
    return made;
  };
  /** What watch and the queues do after a command. */
  const goOn = async () => {
    rig.clock.leap(minutes(3));
    await rig.watch();
    await rig.takeEvents();
    await rig.takeOutbox();
  };
  const answered = async (documentId: string, ...codes: string[]) => {
    rig.answer();
    rig.answerTo(currentComposition(await recordOf(documentId)).messageHeaderId, ...codes);
    await rig.poll();
  };
  const undelivered = async () => {
    const made = await sent();
    rig.mesh.control.injectReport({
      mailboxId: sender.mailboxId,
      linkedMessageId: currentComposition(await recordOf(made.documentId)).meshMessageId ?? '',
      code: '14',
      workflowId: 'GPFED_CONSULT_REPORT',
    });
    await rig.poll();
    return made;
  };
  const inDoubtTwice = async () => {
    const made = await drop();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await rig.takeOutbox();
    rig.clock.leap(minutes(25));
    await rig.watch();
    rig.mesh.control.failNext({ operation: 'send', fault: 'reset-after-accept' });
    await rig.takeOutbox();
    rig.clock.leap(minutes(25));
    await rig.watch();
    expect((await recordOf(made.documentId)).holds).toMatchObject([{ reason: 'doubt' }]);
    return made;
  };

  /** The practice says nothing for longer than it should, and is noticed. */
  const silence = async () => {
    rig.clock.leap(hours(25));
    await rig.poll();
    rig.clock.leap(minutes(6));
    await rig.watch();
  };

  return {
    get rig() {
      return rig;
    },
    files,
    operate,
    recordOf,
    stateNow,
    postsOf,
    drop,
    sent,
    goOn,
    answered,
    undelivered,
    inDoubtTwice,
    silence,
  };
};
