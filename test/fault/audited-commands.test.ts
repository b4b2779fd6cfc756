import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ViewAudit, viewAudit } from '../../shared/audit/entry.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import type { CommandContext, CommandOptions } from '../../shared/operate/command.ts';
import { commands, runCommand } from '../../shared/operate/commands.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { operatorItems } from '../../shared/platform/names.ts';
import { readWhole } from '../../shared/platform/objects.ts';
import type { DeadLetters } from '../../shared/platform/queue.ts';
import { declareDeployment } from '../../shared/senders/deployment.ts';
import { createRig, type Rig, sender } from '../support/rig.ts';
import { memorySubscriptions } from '../support/subscriptions.ts';

/** Who viewed and who changed, with actor and time. Every command there is, so that a new one cannot be forgotten. */

let rig: Rig;
const mail = memorySubscriptions();
const files = new Map<string, string>();
beforeAll(async () => {
  rig = await createRig();
  await declareDeployment(rig.table, { stage: 'test', queues: { ingest: 'i', outbox: 'o', poll: 'p' } });
  mail.confirmAll();
});
afterAll(() => rig.close());

const dropped = async (): Promise<string> => {
  const encounterId = randomUUID();
  const { documentId } = await rig.drop(encounterId, { encounterId });
  await rig.takeEvents();
  return documentId;
};
const answered = async (...codes: readonly string[]): Promise<string> => {
  const documentId = await dropped();
  await rig.takeOutbox();
  const record = await rig.record(documentId);
  if (record) rig.answerTo(currentComposition(record).messageHeaderId, ...codes);
  await rig.poll();
  return documentId;
};
/** The answer of a stranger, in quarantine; its id. */
const quarantined = async (): Promise<string> => {
  const before = new Set((await rig.items()).map(({ pk }) => pk));
  rig.answerInto(sender.mailboxId, randomUUID(), '30001');
  await rig.poll();
  const items = (await rig.items()).map(({ pk }) => String(pk));
  return items.find((pk) => pk.startsWith('QUARANTINE#') && !before.has(pk))?.split('#')[1] ?? '';
};
const heldForOperator = async (): Promise<string> => {
  const documentId = await dropped();
  await runCommand(['hold', documentId], rig.operating, { by: 'somebody', why: 'before', yes: true });
  return documentId;
};
const file = (content: object): string => {
  const name = `${randomUUID()}.json`;
  files.set(name, JSON.stringify(content));
  return name;
};
let changes = 0;
/** Another one each time. */
const setting = () => {
  changes += 1;
  return { ...rig.senderSetting, phone: `01632 ${960_000 + changes}` };
};
const client = async (): Promise<string> => {
  const clientId = randomUUID();
  await runCommand(['client', 'put', file({ clientId, odsCode: 'RX1' })], context(), { by: 'somebody' });
  return clientId;
};
const asked = async (address: string): Promise<string> => {
  await runCommand(['sender', 'address', 'add', 'RX1', address], context(), { by: 'somebody', why: 'before' });
  return address;
};
const deadLetters: DeadLetters = {
  count: async () => 0,
  receive: async () => [],
  handBack: async () => undefined,
  remove: async () => undefined,
  letGo: async () => undefined,
};
const oneDead = (documentId: string): DeadLetters => {
  const body = JSON.stringify({ documentId, composition: 1, attempt: 1 });
  let looks = 0;
  return {
    ...deadLetters,
    receive: async () => (looks++ === 0 ? [{ messageId: 'm-1', body, sentAt: 0, receipt: 'm-1' }] : []),
  };
};

/** Keys that were written, as the operators' policy goes by them. */
const written = new Set<string>();
const context = (more: Partial<CommandContext> = {}): CommandContext => ({
  ...rig.operating,
  table: {
    ...rig.operating.table,
    write: (key, ...rest) => {
      written.add(key);
      return rig.operating.table.write(key, ...rest);
    },
    remove: () => Promise.reject(new Error('Operators may delete no item.')),
  },
  readText: (path) => files.get(path),
  subscriptions: async () => mail.port,
  ...more,
});

/** How each is asked for so that it shows or does something, and which documents or messages it shows then. */
interface Asking {
  readonly args?: readonly string[];
  readonly options?: CommandOptions;
  readonly context?: Partial<CommandContext>;
  /** Ids that it looks at, as they stand in the names of views. */
  readonly views?: readonly string[];
  /** What of the archive tells of the change: `audit/{this}/`. */
  readonly changes?: string;
}

const onDocument =
  (made: () => Promise<string>, options: CommandOptions = {}) =>
  async (): Promise<Asking> => {
    const documentId = await made();
    return { args: [documentId], options: { ...options, yes: true }, views: [documentId], changes: documentId };
  };

const askings: Readonly<Record<string, () => Promise<Asking>>> = {
  attention: async () => ({ views: [await answered('20013', '30002')] }),
  'document list': async () => ({ views: [await dropped()] }),
  'document show': async () => {
    const documentId = await dropped();
    return { args: [documentId], views: [documentId] };
  },
  story: async () => {
    const documentId = await dropped();
    return { args: [documentId], views: [documentId] };
  },
  resend: onDocument(() => answered('20013', '30002')),
  cancel: onDocument(dropped),
  hold: onDocument(dropped),
  release: onDocument(heldForOperator, { reason: 'operator' }),
  resolve: onDocument(() => answered('20013', '30002'), { route: 'telephoned' }),
  decide: onDocument(() => answered('30001', '30002'), { as: 'accepted' }),
  'quarantine list': async () => ({ views: [`quarantine/${await quarantined()}`] }),
  'quarantine show': async () => {
    const id = await quarantined();
    return { args: [id], views: [`quarantine/${id}`] };
  },
  'quarantine apply': async () => {
    const [documentId, id] = [await answered(), await quarantined()];
    return {
      args: [id, documentId],
      options: { yes: true },
      views: [`quarantine/${id}`, documentId],
      changes: `quarantine/${id}`,
    };
  },
  'quarantine dismiss': async () => {
    const id = await quarantined();
    return { args: [id], options: { yes: true }, views: [`quarantine/${id}`], changes: `quarantine/${id}` };
  },
  redrive: async () => {
    const documentId = await dropped();
    const list = `${randomUUID()}.csv`;
    files.set(list, 'message,do,queue\nm-1,hand-back,outbox\n');
    const more = { deadLettersOf: () => oneDead(documentId) };
    return {
      args: ['outbox'],
      options: { 'from-list': list, yes: true },
      context: more,
      views: [documentId],
      changes: 'redrives',
    };
  },
  'mailbox put': async () => ({
    args: [file({ mailboxId: 'RX9OT001', odsCode: 'RX9', environment: 'local', baseUrl: 'https://127.0.0.1:1' })],
    changes: 'mailboxes/RX9OT001',
  }),
  'sender put': async () => ({ args: [file(setting())], changes: 'senders/RX1' }),
  'sender deactivate': async () => ({ args: ['RX1'], changes: 'senders/RX1' }),
  'sender activate': async () => {
    await runCommand(['sender', 'deactivate', 'RX1'], context(), { by: 'somebody', why: 'before' });
    mail.confirmAll();
    return { args: ['RX1'], changes: 'senders/RX1' };
  },
  'sender address add': async () => ({ args: ['RX1', 'new@northfield.example'], changes: 'senders/RX1' }),
  'sender address confirm': async () => {
    const address = await asked('confirm@northfield.example');
    return { args: ['RX1', address, mail.tokens.get(address) ?? ''], changes: 'senders/RX1' };
  },
  'sender address remove': async () => ({
    args: ['RX1', await asked('old@northfield.example')],
    changes: 'senders/RX1',
  }),
  'client put': async () => ({ args: [file({ clientId: 'c-1', odsCode: 'RX1' })], changes: 'clients/c-1' }),
  'client deactivate': async () => {
    const id = await client();
    return { args: [id], changes: `clients/${id}` };
  },
  'client activate': async () => {
    const id = await client();
    await runCommand(['client', 'deactivate', id], context(), { by: 'somebody', why: 'before' });
    return { args: [id], changes: `clients/${id}` };
  },
  pause: async () => ({ changes: 'everybody' }),
  resume: async () => {
    await runCommand(['pause'], context(), { by: 'somebody', why: 'before' });
    return { changes: 'everybody' };
  },
  ...Object.fromEntries(
    (['pause', 'resume'] as const).flatMap((word) =>
      (['sender', 'mailbox'] as const).map((kind) => [
        `${kind} ${word}`,
        async (): Promise<Asking> => {
          const id = kind === 'sender' ? 'RX1' : 'RX1OT001';
          if (word === 'resume') await runCommand([kind, 'pause', id], context(), { by: 'somebody', why: 'before' });
          return { args: [id], changes: `${kind === 'sender' ? 'senders' : 'mailboxes'}/${id}` };
        },
      ]),
    ),
  ),
};

/** What entries of documents and of all else have in common. */
const entry = z.object({
  kind: z.string(),
  at: z.number(),
  actor: z.object({ kind: z.string(), id: z.string().optional() }),
});

const read = async <T>(prefix: string, parse: (json: unknown) => T): Promise<readonly T[]> => {
  const found: T[] = [];
  for (const key of await rig.keys(rig.archive, prefix)) {
    const object = await readWhole(rig.archive, key, 1 << 20);
    if (object && object !== 'too-large') found.push(parse(JSON.parse(object.bytes.toString('utf8'))));
  }
  return found;
};

describe('every command that looks or changes', () => {
  it('is asked for below', () => {
    const marked = commands.filter(({ looks, changes }) => looks || changes).map(({ words }) => words);
    expect(Object.keys(askings).sort()).toEqual([...marked].sort());
  });

  it.each(Object.keys(askings))(
    '%s: who, when and what are in the archive (FHIR-DOC-02, FHIR-DOC-03)',
    async (words) => {
      const { args = [], options = {}, context: more, views = [], changes } = (await askings[words]?.()) ?? {};
      const by = `Ann ${words}`;
      const why = 'complaint 4711';
      const result = await runCommand([...words.split(' '), ...args], context(more), { ...options, by, why });
      expect(result.lines.join('\n')).not.toMatch(/Nothing was (?!changed)/);
      expect(result.ok).toBe(true);

      for (const folder of views) {
        const seen = await read(`views/${folder}/`, (json) => viewAudit.parse(json));
        const own = seen.filter(({ actor }) => actor.id === by);
        expect(own).toMatchObject([{ kind: 'viewed', what: words, why, actor: { kind: 'person' } }]);
      }
      if (changes === undefined) return;
      rig.clock.leap(minutes(3));
      await rig.watch();
      const told = await read(`audit/${changes}/`, (json) => entry.parse(json));
      expect(told.filter(({ actor }) => actor.id === by)).toMatchObject([{ actor: { kind: 'person' } }]);
    },
  );
});

describe('the policy of operators', () => {
  it('allows every item that was written above', () => {
    const allowed = (key: string) =>
      operatorItems.some((item) => (item.endsWith('*') ? key.startsWith(item.slice(0, -1)) : key === item));
    expect(written.size).toBeGreaterThan(20);
    expect([...written].filter((key) => !allowed(key))).toEqual([]);
  });
});

describe('every command that does not say so', () => {
  const others = commands.filter(({ looks, changes }) => !looks && !changes);

  it('shows nothing of documents and changes nothing, whatever it is asked', async () => {
    const before = (await rig.items()).length;
    const seen = (await rig.keys(rig.archive, 'views/')).length;
    for (const { words, takes } of others) {
      const id = words.startsWith('mailbox') ? 'RX1OT001' : words.startsWith('client') ? 'c-1' : 'RX1';
      const args = takes.slice(0, 1).map(() => id);
      expect(`${words} ${(await runCommand([...words.split(' '), ...args], context())).ok}`).toBe(`${words} true`);
    }
    expect([(await rig.items()).length, (await rig.keys(rig.archive, 'views/')).length]).toEqual([before, seen]);
  });
});

describe('a view that cannot be recorded', () => {
  const refusing = () => ({ ...rig.archive, put: () => Promise.reject(new Error('out of order')) });

  it.each(['document show', 'hold'])('%s: nothing is shown, and nothing done', async (words) => {
    const documentId = await dropped();
    const options = { by: 'Ann Bell', ...(words === 'hold' ? { why: 'wrong clinic', yes: true } : {}) };
    const result = await runCommand([...words.split(' '), documentId], context({ objects: refusing }), options);
    expect(result.ok).toBe(false);
    expect(result.lines).toEqual([expect.stringMatching(/^Nothing is shown and nothing was done.*out of order/)]);
    expect((await rig.record(documentId))?.holds).toEqual([]);
  });

  it('keeps nobody from being asked only after it was recorded, nor a list from being written', async () => {
    const documentId = await dropped();
    const shown: string[] = [];
    const confirm = async (lines: readonly string[]) => shown.push(...lines) > 0;
    const result = await runCommand(['hold', documentId], context({ objects: refusing, confirm }), {
      by: 'Ann Bell',
      why: 'wrong clinic',
    });
    expect([result.ok, shown]).toEqual([false, []]);
  });

  it('may have who looks from where commands are typed, once for all', async () => {
    const documentId = await dropped();
    expect(await runCommand(['document', 'show', documentId], context({ by: 'Cat Moss' }))).toMatchObject({ ok: true });
    const views = await read<ViewAudit>(`views/${documentId}/`, (json) => viewAudit.parse(json));
    expect(views).toMatchObject([{ actor: { kind: 'person', id: 'Cat Moss' } }]);
  });

  it('is not asked for without who looks', async () => {
    const documentId = await dropped();
    expect(await runCommand(['document', 'show', documentId], context())).toMatchObject({ ok: false, misused: true });
    expect(await read<ViewAudit>(`views/${documentId}/`, (json) => viewAudit.parse(json))).toEqual([]);
  });
});
