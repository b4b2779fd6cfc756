import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { composeHandler } from '../../../lambdas/compose/handler.ts';
import { pollHandler } from '../../../lambdas/poll/handler.ts';
import { sendHandler } from '../../../lambdas/send/handler.ts';
import { watchHandler } from '../../../lambdas/watch/handler.ts';
import { createBroker } from '../../../local/aws/sqs/broker.ts';
import { accept, type Queue as LocalQueue } from '../../../local/aws/sqs/queue.ts';
import { changeVisibility, nextVisibleAt, receive, remove } from '../../../local/aws/sqs/receive.ts';
import { createPki } from '../../../local/pki/pki.ts';
import { TEST_PATIENTS } from '../../../local/samples/test-patients.ts';
import type { StatusEvent } from '../../../shared/events/status-event.ts';
import { days, hours, minutes, seconds } from '../../../shared/platform/clock.ts';
import type { Log } from '../../../shared/platform/log.ts';
import type { Measure, MetricName } from '../../../shared/platform/measure.ts';
import { environmentSecretName, mailboxSecretName } from '../../../shared/platform/names.ts';
import type { Queue, Redelivery } from '../../../shared/platform/queue.ts';
import type { SecretSource } from '../../../shared/platform/secrets.ts';
import type { Topic, TopicMessage } from '../../../shared/platform/topic.ts';
import { type MailboxSetting, mailboxFile } from '../../../shared/senders/mailbox.ts';
import { senderFile } from '../../../shared/senders/sender.ts';
import { memoryTable } from '../memory-table.ts';
import { readEvent } from '../published-event.ts';
import { putMailbox, putSender } from '../registry.ts';
import { type Chance, chance } from './chance.ts';
import { inProcessMesh, type MeshWeather } from './in-process-mesh.ts';
import { type Created, memoryObjects } from './memory-objects.ts';
import { createScheduler, type Fate, type Invocation } from './scheduler.ts';

/**
 * The whole system in one process under virtual time: the four functions' real handlers, run as many invocations at
 * once, on the local SQS's own queues, a table and buckets in memory, and the MESH simulator without a network. Every
 * call of a port may fail, kill its invocation, or lose its answer; queues deliver twice; indexes lag; clocks are wrong.
 */

export const senders = [
  { odsCode: 'RX1', name: 'Northfield Out of Hours Service', mailboxId: 'RX1OT001' },
  { odsCode: 'RX2', name: 'Southfield Urgent Care', mailboxId: 'RX1OT001' },
  { odsCode: 'RX3', name: 'Eastfield Walk-in Centre', mailboxId: 'RX3OT001' },
] as const;
export type SenderOds = (typeof senders)[number]['odsCode'];
export const practiceMailbox = 'Y12345OT001';
const ownMailboxes = [...new Set(senders.map(({ mailboxId }) => mailboxId))];

/** Made once: keys cost more than all the rest. */
const secrets = (async () => {
  const pki = await createPki({ now: Date.UTC(2026, 0, 1), days: 3650 });
  const texts = new Map<string, string>();
  texts.set(environmentSecretName('test'), JSON.stringify({ sharedKey: 'shared-key', ca: pki.ca }));
  for (const mailboxId of ownMailboxes) {
    const own = await pki.issueClient(mailboxId);
    texts.set(mailboxSecretName('test', mailboxId), JSON.stringify({ ...own, password: `password-${mailboxId}` }));
  }
  return texts;
})();

export interface WorldSetting {
  readonly seed: number;
  /** What a call of a port meets; well where absent. */
  readonly fate?: (call: string, invocation: Invocation) => Fate;
  readonly weather?: (operation: string, mailboxId: string) => MeshWeather;
  /** Milliseconds by which an index shows a write too late. */
  readonly lag?: (key: string) => number;
  /** How far every clock is off, at this true time. */
  readonly clockError?: () => number;
  /** How far one invocation's machine is off the others. */
  readonly skew?: () => number;
  /** How often a storage event is delivered, and how late: none, one, several. */
  readonly events?: () => readonly number[];
  /** Whether a queue delivers a message a second time. */
  readonly twice?: () => boolean;
  readonly mailbox?: Partial<Record<'maxInFlight', number>>;
  /** Invocations of one function at a time. */
  readonly concurrency?: number;
  readonly start?: number;
  /** Between two runs of watch: a minute, as deployed, where absent. */
  readonly watchEvery?: number;
}

type FunctionName = 'compose' | 'send' | 'poll' | 'watch';
const timeouts: Readonly<Record<FunctionName, number>> = {
  compose: minutes(5),
  send: minutes(5),
  poll: minutes(5),
  watch: minutes(3),
};

const address = 'records@northfield.example';

export const createWorld = async (setting: WorldSetting) => {
  const luck: Chance = chance(setting.seed);
  const start = setting.start ?? Date.UTC(2026, 2, 2, 9);
  const scheduler = createScheduler({
    start,
    chance: luck,
    fate: (call, invocation) => setting.fate?.(call, invocation) ?? 'well',
    callTakes: () => luck.whole(2, 25),
    ...(setting.clockError ? { clockError: setting.clockError } : {}),
  });
  const { clock } = scheduler;
  const broker = createBroker({ clock, region: 'eu-west-2', account: '000000000000', identities: undefined as never });
  const queueOf = (name: string, attributes: Record<string, string> = {}) =>
    broker.create(name, { VisibilityTimeout: '1800', MessageRetentionPeriod: '1209600', ...attributes });
  const deadLetters = (name: string, count: number, fifo = false) => {
    const suffix = fifo ? '.fifo' : '';
    const dead = queueOf(`${name}-dead${suffix}`, fifo ? { FifoQueue: 'true' } : {});
    return {
      dead,
      queue: queueOf(`${name}${suffix}`, {
        ...(fifo ? { FifoQueue: 'true' } : {}),
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: count }),
      }),
    };
  };
  const ingest = deadLetters('ingest', 50);
  const outbox = deadLetters('outbox', 200);
  const polls = deadLetters('polls', 10, true);

  const deliver = (queue: LocalQueue, message: object, options: { groupId?: string; deduplicationId?: string } = {}) =>
    void accept(queue, clock.now(), {
      body: JSON.stringify(message),
      senderId: '000000000000',
      groupId: options.groupId,
      deduplicationId: options.deduplicationId,
    });
  const port = (queue: LocalQueue): Queue => ({
    send: async (message, options) => deliver(queue, message, options ?? {}),
  });

  const lostEvents: Created[] = [];
  const onCreated = (created: Created) => {
    if (!created.key.startsWith('inbox/')) return;
    const times = setting.events?.() ?? [0];
    if (times.length === 0) lostEvents.push(created);
    for (const late of times) clock.at(clock.now() + late, () => deliver(ingest.queue, created));
  };
  const table = memoryTable(clock, setting.lag);
  const drops = memoryObjects('drops', clock, onCreated);
  const messages = memoryObjects('messages', clock);
  const archive = memoryObjects('archive', clock);
  /** What whoever follows documents was told, as it came. */
  const published: StatusEvent[] = [];
  const topic: Topic = {
    publish: async ({ body }) => void published.push(readEvent(body)),
  };
  const mesh = inProcessMesh({
    // What MESH does after weeks is beyond every run.
    clock: { ...clock, at: (when, fire) => (when > start + days(20) ? () => undefined : clock.at(when, fire)) },
    sharedKey: 'shared-key',
    mailboxes: [...ownMailboxes, practiceMailbox].map((mailboxId) => ({
      mailboxId,
      odsCode: mailboxId.replace(/OT001$/, ''),
      name: mailboxId,
      password: `password-${mailboxId}`,
    })),
    patients: TEST_PATIENTS.map(({ nhsNumber, birthDate, family }) => ({
      nhsNumber,
      birthDate,
      familyName: family,
      mailboxId: practiceMailbox,
    })),
  });
  const stored = await secrets;
  const secretSource: SecretSource = { read: async (name) => stored.get(name) };

  const notices: TopicMessage[] = [];
  const noticesTopic: Topic = { publish: async (message) => void notices.push(message) };
  const subscribers = { list: async () => [{ address, arn: 'arn:confirmed' }] };

  const lines: string[] = [];
  const note =
    (level: string) =>
    (code: string, fields: object = {}) =>
      void lines.push(`${new Date(clock.now()).toISOString().slice(5, 19)} ${level} ${code} ${JSON.stringify(fields)}`);
  const log: Log = { info: note('info'), warn: note('WARN'), error: note('ERROR') };
  const metrics = new Map<MetricName, number>();
  const add = (metric: MetricName, value: number) => void metrics.set(metric, (metrics.get(metric) ?? 0) + value);
  const measure: Measure = {
    count: (metric, value = 1) => add(metric, value),
    record: (metric, value) => void metrics.set(metric, value),
    recordOf: (_, metric, value) => void metrics.set(metric, value),
    countOf: (_, metric) => add(metric, 1),
    countRefusal: () => undefined,
    flush: () => undefined,
  };

  for (const mailboxId of ownMailboxes) {
    const file: MailboxSetting = mailboxFile.parse({
      mailboxId,
      odsCode: mailboxId.replace(/OT001$/, ''),
      environment: 'local',
      baseUrl: 'https://127.0.0.1:1',
      pollEverySeconds: 300,
      ...setting.mailbox,
    });
    await putMailbox(table, file, clock.now());
  }
  for (const { odsCode, name, mailboxId } of senders) {
    await putSender(
      table,
      senderFile.parse({ odsCode, name, phone: '01632 960100', mailboxId, addresses: { notices: [address] } }),
    );
  }

  const contextOf = (invocation: Invocation) => {
    const own = scheduler.clockOf(invocation);
    const gated = <T extends object>(label: string, target: T) => scheduler.gated(invocation, label, target);
    const ids = { uuid: luck.uuid };
    return {
      table: gated('table', table),
      clock: own,
      ids,
      random: luck.next,
      settings: { doubtWait: minutes(15), giveUpAfter: hours(4) },
      drops: gated('drops', drops),
      inbox: gated('inbox', drops),
      messages: gated('messages', messages),
      archive: gated('archive', archive),
      audit: gated('audit', archive),
      events: gated('events', topic),
      outbox: gated('outbox', port(outbox.queue)),
      ingest: gated('ingest', port(ingest.queue)),
      polls: gated('polls', port(polls.queue)),
      notices: gated('notices', noticesTopic),
      subscribers: gated('subscribers', subscribers),
      noticesTopicArn: 'arn:aws:sns:eu-west-2:000000000000:notices',
      log,
      measure,
      connection: {
        stage: 'test',
        secrets: gated('secrets', secretSource),
        clock: own,
        ids,
        openTransport: mesh.transport(
          (operation, effect) => scheduler.pass(invocation, `mesh.${operation}`, effect),
          (operation, mailboxId) => setting.weather?.(operation, mailboxId) ?? { kind: 'fair' },
        ),
      },
      readPdfText: async () => 'all' as const,
      rules: { refusedNhsNumbers: [], allowedNhsNumbers: ['9691375*'], refusedGivenNames: [] },
    };
  };
  const invocationContext = (invocation: Invocation): Context =>
    ({ getRemainingTimeInMillis: () => Math.max(0, invocation.killAt - scheduler.now()) }) as Context;
  const skew = () => setting.skew?.() ?? 0;

  const running: Record<FunctionName, number> = { compose: 0, send: 0, poll: 0, watch: 0 };
  const failures: string[] = [];
  const counted = (name: FunctionName, invocation: Invocation) => {
    running[name] += 1;
    void invocation.end
      .catch((error: unknown) => void failures.push(`${name}: ${error instanceof Error ? error.stack : error}`))
      .finally(() => {
        running[name] -= 1;
      });
  };

  /** An invocation with what its queue has for it; nothing where it has nothing. */
  const take = (name: Exclude<FunctionName, 'watch'>, queue: LocalQueue, batch: number): boolean => {
    const taken = receive(queue, clock.now(), {
      max: batch,
      visibilityTimeoutSeconds: queue.fifo ? timeouts[name] / 1000 + 60 : 6 * (timeouts[name] / 1000),
      bury: (message, arn) => {
        const target = broker.byArn(arn);
        queue.messages.delete(message.id);
        target?.messages.set(message.id, message);
        return target !== undefined;
      },
    });
    if (taken.length === 0) return false;
    const handles = new Map(taken.map((message) => [message.id, message.receiptHandle ?? '']));
    const redelivery: Redelivery = {
      returnAfter: async (_, receiptHandle, after) => {
        changeVisibility(queue, clock.now(), receiptHandle, Math.min(43_200, after));
      },
    };
    const event = {
      Records: taken.map((message) => ({
        messageId: message.id,
        receiptHandle: message.receiptHandle,
        body: message.body,
        eventSourceARN: queue.arn,
        attributes: { ApproximateReceiveCount: String(message.receiveCount) },
      })),
    } as SQSEvent;
    const invocation = scheduler.start(name, timeouts[name], skew(), async (self) => {
      const context = { ...contextOf(self), redelivery: scheduler.gated(self, 'redelivery', redelivery) };
      const handlers = { compose: composeHandler, send: sendHandler, poll: pollHandler };
      const answer: SQSBatchResponse = await handlers[name](context)(event, invocationContext(self));
      const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const [id, handle] of handles) {
        // A queue delivers at least once: now and then it forgets that a message was dealt with.
        if (!failed.has(id) && !setting.twice?.()) remove(queue, clock.now(), handle);
      }
    });
    counted(name, invocation);
    return true;
  };

  const startWatch = (): boolean => {
    // One at a time, as it is deployed.
    if (running.watch > 0) return false;
    const invocation = scheduler.start('watch', timeouts.watch, skew(), (self) =>
      watchHandler(contextOf(self))({}, invocationContext(self)),
    );
    counted('watch', invocation);
    return true;
  };

  let nextWatch = start + seconds(7);
  const concurrency = setting.concurrency ?? 3;
  /** An empty queue is not asked again at once. */
  const askEvery = 100;
  const asked = { compose: 0, send: 0, poll: 0 };
  const queues = [
    ['compose', ingest.queue, 5],
    ['send', outbox.queue, 5],
    ['poll', polls.queue, 1],
  ] as const;

  /** One step of whatever goes on; false where nothing does until `nextAt`. */
  const step = async (): Promise<boolean> => {
    scheduler.advanceTo(scheduler.now());
    if (scheduler.now() >= nextWatch) {
      startWatch();
      nextWatch = Math.max(nextWatch + (setting.watchEvery ?? minutes(1)), scheduler.now() + seconds(1));
    }
    let begun = false;
    for (const [name, queue, batch] of queues) {
      if (running[name] >= concurrency || queue.messages.size === 0 || scheduler.now() < asked[name] + askEvery)
        continue;
      if (take(name, queue, batch)) begun = true;
      else asked[name] = scheduler.now();
    }
    return (await scheduler.step()) || begun;
  };
  const nextAt = () =>
    Math.min(
      nextWatch,
      scheduler.nextAt(),
      ...queues.map(([, queue]) => nextVisibleAt(queue, clock.now() - askEvery) + askEvery),
    );

  const world = {
    scheduler,
    clock,
    chance: luck,
    table,
    drops,
    messages,
    archive,
    published,
    mesh,
    lines,
    /** What people were told, oldest first. */
    notices,
    metrics,
    failures,
    lostEvents,
    log,
    queues: { ingest: ingest.queue, outbox: outbox.queue, polls: polls.queue },
    /** Of documents: a poll that is given up is asked for again by the next slot. */
    deadLetters: () => [ingest.dead, outbox.dead].flatMap(({ messages: dead }) => [...dead.values()]),
    deliver,
    contextOf,
    /** Runs until `until` of true time; `done` is asked whenever nothing goes on at the moment. */
    async run(until: number, done: () => boolean = () => false): Promise<void> {
      while (scheduler.now() < until) {
        if (await step()) continue;
        if (running.watch === 0 && scheduler.live() === 0 && done()) return;
        scheduler.advanceTo(Math.min(until, Math.max(nextAt(), scheduler.now() + 1)));
      }
    },
    /** Nothing waits in a queue and nobody runs. */
    quiet: () => queues.every(([, queue]) => queue.messages.size === 0) && scheduler.live() === 0,
  };
  return world;
};

export type World = Awaited<ReturnType<typeof createWorld>>;
