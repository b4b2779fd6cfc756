import type { z } from 'zod';
import { type LeapingClock, leapingClock } from '../../local/clock.ts';
import { startMeshSimulator } from '../../local/mesh/simulator.ts';
import { createPki } from '../../local/pki/pki.ts';
import { TEST_PATIENTS } from '../../local/samples/test-patients.ts';
import { type ManifestOverrides, makeDrop } from '../../local/samples/variants.ts';
import type { StoredRecord } from '../../shared/delivery/documents.ts';
import { documentKey } from '../../shared/delivery/keys.ts';
import type { Receipt } from '../../shared/delivery/receipt.ts';
import { receiptObject } from '../../shared/delivery/receipt.ts';
import type { StatusEvent } from '../../shared/events/status-event.ts';
import { messageFacts } from '../../shared/itk3/message-facts.ts';
import { answerXml } from '../../shared/itk3/write-answer.ts';
import { readXml } from '../../shared/itk3/xml-tree.ts';
import type { ComposeContext } from '../../shared/pipeline/compose/context.ts';
import { composeAgain, ingest } from '../../shared/pipeline/compose/ingest.ts';
import type { PollContext } from '../../shared/pipeline/poll/context.ts';
import { pollMailbox } from '../../shared/pipeline/poll/poll-mailbox.ts';
import { sendDocument } from '../../shared/pipeline/send/send-document.ts';
import { type WatchContext, watch } from '../../shared/pipeline/watch/watch.ts';
import { minutes } from '../../shared/platform/clock.ts';
import { documentIdOf, type OdsCode, systemIds } from '../../shared/platform/ids.ts';
import type { Log } from '../../shared/platform/log.ts';
import type { Measure, MetricName } from '../../shared/platform/measure.ts';
import { environmentSecretName, mailboxSecretName } from '../../shared/platform/names.ts';
import { type Objects, readWhole } from '../../shared/platform/objects.ts';
import type { Queue } from '../../shared/platform/queue.ts';
import { composeMessage, type OutboxMessage, type PollMessage } from '../../shared/platform/queue-messages.ts';
import type { Topic, TopicMessage } from '../../shared/platform/topic.ts';
import { declareDeployment } from '../../shared/senders/deployment.ts';
import { mailboxFile } from '../../shared/senders/mailbox.ts';
import { senderFile } from '../../shared/senders/sender.ts';
import { pdfTextReader } from '../../shared/submission/pdf-text/pdf-text-reader.ts';
import { Crash, type CrashPlan, crashing } from './faults.ts';
import { readEvent } from './published-event.ts';
import { putMailbox, putSender } from './registry.ts';
import { type Storage, storageInMemory, storageOnLocalServices } from './storage.ts';
import type { Created } from './world/memory-objects.ts';

/**
 * The functions' library in one process, with a real MESH over mutual TLS. The test plays the queues: it delivers,
 * delivers again, or never, and it moves the clock.
 */

export const sender = { mailboxId: 'RX1OT001', odsCode: 'RX1', name: 'Northfield Out of Hours Service' };
/** Another organisation, whose code and mailbox begin like the sender's; registered at MESH, and here by whoever needs it. */
export const otherSender = { mailboxId: 'RX10OT001', odsCode: 'RX10', name: 'Southfield Walk-in Centre' };
export const practice = { mailboxId: 'Y12345OT001', odsCode: 'Y12345', name: 'Willow Lane Surgery' };

/** MessageHeader.id of a message that was sent. */
export const headerOf = (body: Buffer): string => {
  const reading = readXml(body, { maxBytes: 100_000_000 });
  if (reading.kind !== 'xml') throw new Error('What was sent is not XML.');
  return messageFacts(reading.root).messageHeaderId ?? '';
};

/** A notice as it was published. */
export interface GivenNotice extends TopicMessage {
  readonly attributes: Readonly<Record<string, string>>;
}

/** A queue that keeps what was sent for the test to deliver. */
const memoryQueue = <T>() => {
  const waiting: T[] = [];
  const queue: Queue = { send: async (message) => void waiting.push(message as T) };
  return { waiting, queue };
};

/** Drops as the bucket tells compose of them. */
type Drops = z.infer<typeof composeMessage>[];

const assemble = async <S extends Storage>(clock: LeapingClock, events: Drops, storage: S) => {
  const pki = await createPki({ now: clock.now(), days: 365 });
  const mesh = await startMeshSimulator({
    clock,
    pki,
    sharedKey: 'shared-key',
    mailboxes: [
      { ...sender, password: 'password-1' },
      { ...practice, password: 'password-2' },
      { ...otherSender, password: 'password-3' },
    ],
    patients: TEST_PATIENTS.map(({ nhsNumber, birthDate, family }) => ({
      nhsNumber,
      birthDate,
      familyName: family,
      mailboxId: practice.mailboxId,
    })),
  });

  const own = await pki.issueClient(sender.mailboxId);
  const { putSecret } = storage;
  await putSecret(environmentSecretName('test'), { sharedKey: 'shared-key', ca: pki.ca });
  await putSecret(mailboxSecretName('test', sender.mailboxId), { ...own, password: 'password-1' });
  const others = await pki.issueClient(otherSender.mailboxId);
  await putSecret(mailboxSecretName('test', otherSender.mailboxId), { ...others, password: 'password-3' });

  let plan: CrashPlan | undefined;
  const through = <T extends object>(label: string, port: T): T => crashing(label, port, () => plan);
  /** What whoever follows documents was told, as it came. */
  const published: StatusEvent[] = [];
  const outbox = memoryQueue<OutboxMessage>();
  const polls = memoryQueue<PollMessage>();
  const notices: GivenNotice[] = [];
  let topicIsDown = false;
  const topic: Topic = {
    publish: async (message, attributes) => {
      if (topicIsDown) throw new Error('The topic takes nothing.');
      notices.push({ ...message, attributes });
    },
  };
  const addresses = ['records@northfield.example'];
  const { table: plainTable, objects } = storage;
  const drops = objects('drops');
  const lines: string[] = [];
  const write =
    (level: string) =>
    (code: string, fields: object = {}) =>
      void lines.push(JSON.stringify({ level, code, ...fields }));
  const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };
  const metrics = new Map<MetricName, number>();
  const refusals: string[] = [];
  const measure: Measure = {
    count: (metric, value = 1) => void metrics.set(metric, (metrics.get(metric) ?? 0) + value),
    record: (metric, value) => void metrics.set(metric, value),
    recordOf: (_, metric, value) => void metrics.set(metric, value),
    countOf: (_, metric) => void metrics.set(metric, (metrics.get(metric) ?? 0) + 1),
    countRefusal: (code) => void refusals.push(code),
    flush: () => undefined,
  };
  const context: ComposeContext & Omit<WatchContext, 'deadline'> & Pick<PollContext, 'table'> = {
    table: through('table', plainTable),
    ids: systemIds,
    clock,
    settings: { doubtWait: minutes(15), giveUpAfter: minutes(240) },
    drops: through('drops', drops),
    inbox: through('inbox', drops),
    messages: through('messages', objects('messages')),
    archive: through('archive', objects('archive')),
    audit: through('archive', objects('archive')),
    outbox: through('outbox', outbox.queue),
    ingest: through('ingest', { send: async (message: object) => void events.push(composeMessage.parse(message)) }),
    polls: through('polls', polls.queue),
    events: through('topic', { publish: async ({ body }) => void published.push(readEvent(body)) }),
    notices: through('notices', topic),
    subscribers: { list: async () => addresses.map((address) => ({ address, arn: `arn:of:${address}` })) },
    noticesTopicArn: 'arn:aws:sns:eu-west-2:000000000000:notices',
    connection: { stage: 'test', secrets: storage.secrets, clock, ids: systemIds },
    log,
    measure,
    readPdfText: pdfTextReader(),
    rules: {
      refusedNhsNumbers: [],
      allowedNhsNumbers: ['9691375*'],
      refusedGivenNames: [],
    },
  };

  await putMailbox(
    plainTable,
    mailboxFile.parse({
      mailboxId: sender.mailboxId,
      odsCode: sender.odsCode,
      environment: 'local',
      baseUrl: mesh.url,
      pollEverySeconds: 60,
    }),
    clock.now(),
  );
  const senderSetting = senderFile.parse({
    odsCode: sender.odsCode,
    name: sender.name,
    phone: '01632 960100',
    mailboxId: sender.mailboxId,
    addresses: { notices: [...addresses], escalation: ['lead@northfield.example'], digest: [...addresses] },
  });
  await putSender(plainTable, senderSetting);
  await declareDeployment(plainTable, { stage: 'test', archiveBucket: 'archive' });

  const deadline = () => clock.now() + minutes(5);
  /** Composes as the function does. A process that died has not taken its message, whatever it still said. */
  const compose = async (message: z.infer<typeof composeMessage>) => {
    await ('composeAgain' in message ? composeAgain(context, message) : ingest(context, message));
    if (plan?.crashed) throw new Crash();
  };
  const answeredIds = new Set<string>();

  const rig = {
    storage,
    clock,
    mesh,
    pki,
    table: plainTable,
    drops,
    archive: objects('archive'),
    /** What an operator's command is given. */
    operating: {
      table: plainTable,
      clock,
      objects(bucket: string): Objects {
        if (bucket !== 'archive') throw new Error(`No command reads ${bucket}.`);
        return objects(bucket);
      },
      readText: (): string | undefined => undefined,
    },
    context,
    events,
    outbox: outbox.waiting,
    polls: polls.waiting,
    published,
    lines,
    metrics,
    refusals,
    deadline,
    senderSetting,
    /** What people were told, oldest first. */
    notices,
    /** Confirmed addresses. */
    addresses,
    breakTopic(down: boolean) {
      topicIsDown = down;
    },
    crashWith(next: CrashPlan | undefined) {
      plan = next;
    },

    /** Puts a drop as a provider does. */
    async drop(
      name: string,
      overrides: ManifestOverrides = {},
      options: { order?: 'pdf-first' | 'manifest-first'; text?: string } = {},
    ) {
      const made = await makeDrop({ text: options.text ?? `Report ${name}` }, overrides);
      const puts = [
        () => drops.put(`inbox/RX1/${name}.pdf`, made.pdf, { contentType: 'application/pdf' }),
        () => drops.put(`inbox/RX1/${name}.json`, made.json),
      ];
      for (const put of options.order === 'manifest-first' ? puts.reverse() : puts) await put();
      return { ...made, documentId: documentIdOf('RX1' as OdsCode, made.manifest.encounterId, made.manifest.version) };
    },
    /** Delivers every storage event that waits; one that throws comes back, as from a queue. */
    async takeEvents(): Promise<void> {
      for (const message of events.splice(0)) {
        try {
          await compose(message);
        } catch {
          events.push(message);
        }
      }
    },
    async send(message: OutboxMessage) {
      return sendDocument({ ...context, ids: systemIds, random: () => 0, deadline: deadline() }, message);
    },
    async takeOutbox(): Promise<void> {
      for (const message of outbox.waiting.splice(0)) {
        try {
          const disposition = await rig.send(message);
          if (disposition.kind === 'return' || plan?.crashed) outbox.waiting.push(message);
        } catch {
          outbox.waiting.push(message);
        }
      }
    },
    async poll(mailboxId = sender.mailboxId): Promise<void> {
      await pollMailbox({ ...context, deadline: deadline() }, { mailboxId, slot: 'test' });
    },
    async watch(): Promise<void> {
      await watch({ ...context, deadline: deadline() });
    },
    /** The practice answers each message it has not answered yet with these codes. */
    answer(...codes: readonly string[]): number {
      let count = 0;
      for (const message of mesh.control.sent()) {
        if (message.from !== sender.mailboxId || answeredIds.has(message.meshMessageId)) continue;
        answeredIds.add(message.meshMessageId);
        count += 1;
        rig.answerTo(headerOf(message.body), ...codes);
      }
      return count;
    },
    answerTo(messageHeaderId: string, ...codes: readonly string[]): void {
      rig.answerInto(sender.mailboxId, messageHeaderId, ...codes);
    },
    answerInto(mailboxId: string, messageHeaderId: string, ...codes: readonly string[]): void {
      for (const code of codes) {
        const xml = answerXml(
          { code },
          {
            ids: systemIds,
            at: clock.now(),
            mailboxId: practice.mailboxId,
            odsCode: practice.odsCode,
            inResponseTo: messageHeaderId,
            senderReference: undefined,
          },
        );
        mesh.control.deliver(mailboxId, {
          from: practice.mailboxId,
          workflowId: 'GPFED_CONSULT_REPORT_ACK',
          content: Buffer.from(xml),
        });
      }
    },
    record: (documentId: string) => plainTable.read<StoredRecord>(documentKey(documentId)),
    async receipt(name: string): Promise<Receipt | undefined> {
      const found = await readWhole(drops, receiptObject('RX1', name), 1 << 20);
      return found && found !== 'too-large' ? (JSON.parse(found.bytes.toString('utf8')) as Receipt) : undefined;
    },
    async keys(objectsOf: Objects, prefix: string): Promise<string[]> {
      const found: string[] = [];
      for await (const { key } of objectsOf.list(prefix)) found.push(key);
      return found;
    },
    /** Every item of the table as stored. */
    items: storage.items,
    async close(): Promise<void> {
      await mesh.close();
      await storage.close();
    },
  };
  return rig;
};

const waiting = () => {
  const events: Drops = [];
  const onDrop = (created: Created) => void (created.key.startsWith('inbox/') && events.push(created));
  return { clock: leapingClock(), events, onDrop };
};

/** What is stored is kept in memory. */
export const createRig = async () => {
  const { clock, events, onDrop } = waiting();
  return assemble(clock, events, storageInMemory({ clock, onDrop }));
};

/** What is stored is kept by the local services. */
export const createRigOnLocalServices = async () => {
  const { clock, events, onDrop } = waiting();
  return assemble(clock, events, await storageOnLocalServices({ clock, onDrop }));
};

export type Rig = Awaited<ReturnType<typeof createRig>>;
