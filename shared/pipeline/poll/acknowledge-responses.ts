import { Readable } from 'node:stream';
import { owedKey, owedList } from '../../delivery/keys.ts';
import { nextOwedStep, type Owed, owedDueAt, owedKept, owedRetry } from '../../delivery/owed.ts';
import { answerXml } from '../../itk3/write-answer.ts';
import type { MeshClient } from '../../mesh/client.ts';
import type { SendOutcome } from '../../mesh/outcomes.ts';
import { minutes } from '../../platform/clock.ts';
import { type Ids, uuidV5 } from '../../platform/ids.ts';
import { inParallel } from '../../platform/parallel.ts';
import { change, type Indexed } from '../../platform/table.ts';
import type { PollContext } from './context.ts';

/** Names its messages. Never changes. */
const namespace = '5b8e0c52-6f0d-5b6a-8a51-0a8f6d1c9e37';
const idOf = ({ messageHeaderId, responseId }: Owed, role: string): string =>
  uuidV5(namespace, JSON.stringify([messageHeaderId, responseId, role]));

/** The same ids in the same order, however often it is written. */
const derivedIds = (owed: Owed): Ids => {
  let n = 0;
  return { uuid: () => idOf(owed, String(++n)) };
};

/** By it alone MESH can say whether it has the message: it is not a document, whose local id is prescribed. */
const localIdOf = (owed: Owed): string => idOf(owed, 'local');

const indexed = (owed: Owed, doubtWait: number): Indexed => {
  const due = owedDueAt(owed, doubtWait);
  return due === undefined
    ? { expiresAt: owed.at + owedKept }
    : { mailboxList: owedList(owed.mailboxId), listedAt: due };
};

/** Notes that a response is to be acknowledged; noting it again changes nothing. */
export const noteOwed = (context: PollContext, owed: Owed): Promise<void> =>
  change<Owed, void>(context.table, owedKey(owed.messageHeaderId, owed.responseId), (stored) =>
    stored
      ? { kind: 'keep', result: undefined }
      : { kind: 'put', item: owed, indexed: indexed(owed, context.settings.doubtWait), result: undefined },
  );

const mostPerPoll = 100;
const width = 4;
const leastTime = minutes(1);

/** After the inbox is read: sends what this mailbox owes. Nothing that fails here disturbs anything else. */
export const acknowledgeResponses = async (
  context: PollContext,
  client: MeshClient,
  mailbox: { readonly mailboxId: string; readonly odsCode: string },
): Promise<void> => {
  const { table, clock } = context;
  const { rows } = await table.listed(owedList(mailbox.mailboxId), { to: clock.now(), limit: mostPerPoll });
  await inParallel(rows, width, async ({ key }) => {
    if (context.deadline - clock.now() < leastTime) return 'stop';
    return settle(context, client, key);
  });
};

/** Writes what became of it, if its attempt still is this one. */
const write = (
  { table, settings }: PollContext,
  key: string,
  owner: string,
  next: (owed: Owed) => Owed,
): Promise<Owed | undefined> =>
  change<Owed, Owed | undefined>(table, key, (stored) => {
    if (stored?.attempt?.owner !== owner) return { kind: 'keep', result: undefined };
    const item = next(stored);
    return { kind: 'put', item, indexed: indexed(item, settings.doubtWait), result: item };
  });

const withoutAttempt = ({ attempt: _, ...owed }: Owed): Owed => owed;

const settle = async (context: PollContext, client: MeshClient, key: string): Promise<'go on' | 'stop'> => {
  const { table, clock, settings, log } = context;
  const owner = context.connection.ids.uuid();
  // Written before anything is asked or sent: of two polls one goes on.
  const { step, owed } = await change<Owed, { step: string; owed?: Owed }>(table, key, (stored) => {
    if (!stored) return { kind: 'keep', result: { step: 'done' } };
    const now = clock.now();
    const next = nextOwedStep(stored, settings.doubtWait, now);
    if (next.kind === 'done' || next.kind === 'not-yet') return { kind: 'keep', result: { step: next.kind } };
    const item: Owed =
      next.kind === 'give-up'
        ? { ...stored, gaveUp: { at: now, why: next.why } }
        : { ...stored, attempt: { owner, deadline: context.deadline } };
    return { kind: 'put', item, indexed: indexed(item, settings.doubtWait), result: { step: next.kind, owed: item } };
  });
  if (!owed) return 'go on';
  const { documentId, mailboxId } = owed;
  if (step === 'give-up') {
    log.warn('RESPONSE_NOT_ACKNOWLEDGED', { documentId, mailboxId, why: owed.gaveUp?.why ?? '' });
    return 'go on';
  }
  if (step === 'find-out') return findOut(context, client, key, owner, owed);

  const outcome = await post(client, owed);
  const now = clock.now();
  const written = await write(context, key, owner, (current) => afterPost(current, outcome, now));
  log[outcome.kind === 'sent' ? 'info' : 'warn']('RESPONSE_ACKNOWLEDGED', {
    documentId,
    mailboxId,
    what: outcome.kind,
    ...(outcome.kind === 'sent' ? { meshMessageId: outcome.meshMessageId } : { why: outcome.reason }),
  });
  return outcome.kind === 'transient' || outcome.kind === 'configuration' || !written ? 'stop' : 'go on';
};

const afterPost = (owed: Owed, outcome: SendOutcome, now: number): Owed => {
  switch (outcome.kind) {
    case 'sent':
      return { ...withoutAttempt(owed), sent: { at: now, meshMessageId: outcome.meshMessageId } };
    case 'refused':
      return { ...withoutAttempt(owed), gaveUp: { at: now, why: outcome.reason } };
    case 'transient':
    case 'configuration':
      return { ...withoutAttempt(owed), waitUntil: now + owedRetry };
    case 'unknown':
      // Its end is known now, its outcome is not: the wait begins.
      return { ...owed, attempt: { owner: owed.attempt?.owner ?? '', deadline: now } };
  }
};

const post = (client: MeshClient, owed: Owed): Promise<SendOutcome> => {
  const xml = Buffer.from(
    answerXml(
      { code: '20013' },
      {
        ids: derivedIds(owed),
        at: owed.at,
        mailboxId: owed.mailboxId,
        odsCode: owed.senderOds,
        inResponseTo: owed.responseId,
        senderReference: undefined,
      },
    ),
  );
  return client.send(
    {
      to: owed.to,
      workflowId: owed.workflowId,
      localId: localIdOf(owed),
      subject: 'ITK Response',
      contentType: 'application/xml',
    },
    [{ length: xml.length, open: () => Readable.from([xml]) }],
  );
};

/** An earlier post ended without an answer, or with its process: does MESH have the message? */
const findOut = async (
  context: PollContext,
  client: MeshClient,
  key: string,
  owner: string,
  owed: Owed,
): Promise<'go on' | 'stop'> => {
  const found = await client.trackByLocalId(localIdOf(owed));
  const now = context.clock.now();
  if (found.kind !== 'ok') {
    // Asked again when the wait is over once more: without an answer nothing is posted.
    await write(context, key, owner, (current) => ({ ...current, attempt: { owner, deadline: now } }));
    return found.kind === 'refused' || found.kind === 'gone' ? 'go on' : 'stop';
  }
  const { value } = found;
  await write(context, key, owner, (current) =>
    value.found === 'none'
      ? { ...withoutAttempt(current), doubts: current.doubts + 1, waitUntil: now }
      : {
          ...withoutAttempt(current),
          sent: { at: now, meshMessageId: value.found === 'one' ? value.tracked.meshMessageId : '' },
        },
  );
  context.log.warn('RESPONSE_ACKNOWLEDGEMENT_IN_DOUBT', { documentId: owed.documentId, what: value.found });
  return 'go on';
};
