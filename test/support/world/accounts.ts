import { compareStory } from '../../../shared/audit/compare-story.ts';
import { readStory } from '../../../shared/audit/read-story.ts';
import type { StoredRecord } from '../../../shared/delivery/documents.ts';
import type { Encounter } from '../../../shared/delivery/encounter.ts';
import { documentKey, encounterKey } from '../../../shared/delivery/keys.ts';
import { type Receipt, receiptObject } from '../../../shared/delivery/receipt.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import { hasEnded, inDoubt, stateOf } from '../../../shared/delivery/state-of.ts';
import { hasWork } from '../../../shared/delivery/work.ts';
import { readWhole } from '../../../shared/platform/objects.ts';
import type { Practice } from './practice.ts';
import type { Handed } from './story.ts';
import type { World } from './world.ts';

/** Whether everything that was handed over can be accounted for, and whether what its record says is true. */
export interface Accounts {
  readonly documents: number;
  /** By the state that each ended in; `held`, `overdue` and the like after a stroke. */
  readonly byState: Readonly<Record<string, number>>;
  /** Messages that MESH has twice: flagged as the rules ask, or not. */
  readonly doubles: { readonly flagged: number; readonly unflagged: number };
  /** Whatever is not accounted for, in words. */
  readonly unaccounted: readonly string[];
}

const positive = new Set(['30001', '30004']);
const neverLeft = new Set(['REJECTED', 'SUPERSEDED', 'SUPPRESSED', 'RECEIVED', 'COMPOSED', 'SEND_FAILED', 'CANCELLED']);
const answersToNothing = new Set(['20007', '20008']);

export const accountsOf = async (world: World, practice: Practice, handed: readonly Handed[]): Promise<Accounts> => {
  practice.look();
  const unaccounted: string[] = [];
  const byState: Record<string, number> = {};
  const doubles = { flagged: 0, unflagged: 0 };
  const once = [...new Map(handed.map((one) => [one.documentId, one])).values()];
  const postsOf = (header: string) => practice.posts.filter((post) => post.header === header);
  const known = new Set<string>();
  const firstPost = new Map<string, number>();

  for (const { documentId, odsCode, encounterId, version, name } of once) {
    const who = `${odsCode} ${encounterId} v${version}`;
    const say = (what: string) => void unaccounted.push(`${who}: ${what}`);
    const record = await world.table.read<StoredRecord>(documentKey(documentId));
    if (!record) {
      const left = await readWhole(world.drops, receiptObject(odsCode, name), 1 << 20);
      const text = left && left !== 'too-large' ? (JSON.parse(left.bytes.toString('utf8')) as Receipt) : undefined;
      say(
        `lost: there is no record of it; its receipt: ${text ? `${text.state} ${JSON.stringify(text.problems)}` : 'none'}`,
      );
      continue;
    }
    const state = stateOf(record);
    const current = currentComposition(record);
    const beside = [
      ...record.holds.map(({ reason }) => `held: ${reason}`),
      ...(record.overdueSince === undefined || hasEnded(record) ? [] : ['overdue']),
    ];
    const called = [state, ...beside].join(' / ');
    byState[called] = (byState[called] ?? 0) + 1;
    if (hasWork(record.work)) say(`work left: ${Object.keys(record.work).join(', ')}`);
    for (const wrong of await untold(world, record)) say(wrong);
    if (!hasEnded(record) && beside.length === 0) say(`nobody's move, in ${state}`);

    for (const composition of record.compositions) {
      const header = composition.messageHeaderId.toLowerCase();
      known.add(header);
      const posts = postsOf(header);
      const first = posts[0];
      if (first) firstPost.set(`${odsCode} ${encounterId} ${version}`, first.at);
      const sent = composition.attempts.filter(({ outcome }) => outcome?.kind === 'sent');
      const flagged = composition.possibleDuplicate === true;
      if (posts.length > 2) say(`${posts.length} copies at MESH`);
      if (posts.length > 1) doubles[flagged ? 'flagged' : 'unflagged'] += 1;
      if (posts.length > 1 && !flagged) say('two copies at MESH, and it is not said that there may be');
      if (sent.length > 0 && posts.length === 0) say('recorded as sent, and MESH has nothing');
      if (composition === current && posts.length > 0 && neverLeft.has(state)) say(`${state}, and MESH has a copy`);

      if (composition !== current) continue;
      const answers = practice.answers.get(header) ?? [];
      const codes = answers.filter((code) => !code.startsWith('report') && !answersToNothing.has(code));
      const accepted = codes.some((code) => positive.has(code));
      const versions = ['REPLACED', 'NULL_AND_VOID', 'CONTRADICTED'];
      if (accepted && state !== 'ACCEPTED' && !versions.includes(state)) say(`accepted by the practice, and ${state}`);
      if (!accepted && state === 'ACCEPTED') say('ACCEPTED, and the practice never said so');
      if (codes.includes('30002') && state !== 'BUSINESS_REJECTED' && !versions.includes(state)) {
        say(`rejected by the practice, and ${state}`);
      }
      const told = [
        ...sent.flatMap(({ outcome }) => (outcome?.kind === 'sent' ? [outcome.meshMessageId as string] : [])),
      ];
      if (answers.some((text) => told.includes(text.replace('report ', ''))) && state === 'SENT') {
        say('reported undelivered by MESH, and SENT');
      }
      if (sent.length > 0 && !(await world.archive.head(`sent/${documentId}/${composition.number}/0001-envelope`))) {
        say('sent, and not in the archive');
      }
    }

    const receipt = await readWhole(world.drops, receiptObject(odsCode, name), 1 << 20);
    const told =
      receipt && receipt !== 'too-large' ? (JSON.parse(receipt.bytes.toString('utf8')) as Receipt) : undefined;
    if (!told) say('there is no receipt');
    else if (told.documentId === documentId && told.state !== state && told.state !== 'DROP_REFUSED') {
      say(`its receipt says ${told.state}, its record ${state}`);
    }

    const encounter = await world.table.read<Encounter>(encounterKey(odsCode, encounterId));
    const claim = encounter?.inFlight;
    if (claim?.documentId === documentId && !inDoubt(record) && claim.deadline > world.clock.now()) {
      say('nothing of it is under way, and it still keeps other versions back');
    }
  }

  for (const { odsCode, encounterId, version } of once) {
    const own = firstPost.get(`${odsCode} ${encounterId} ${version}`);
    const later = firstPost.get(`${odsCode} ${encounterId} ${version + 1}`);
    if (own !== undefined && later !== undefined && later < own) {
      unaccounted.push(`${odsCode} ${encounterId}: version ${version} left after version ${version + 1}`);
    }
  }
  for (const { header } of practice.posts)
    if (!known.has(header)) unaccounted.push(`${header}: sent, and no record has it`);
  for await (const { key } of world.drops.list('inbox/')) unaccounted.push(`${key}: still lies in the inbox`);
  for (const { from } of practice.posts.slice(0, 1)) {
    const waiting = world.mesh.control.inbox(from).filter(({ workflowId }) => workflowId.startsWith('GPFED'));
    if (waiting.length > 0) unaccounted.push(`${waiting.length} answers still lie in the inbox of ${from}`);
  }
  for (const item of world.table.items()) {
    if (item.key.startsWith('QUARANTINE#') && !(await isReportOfUnknownCopy(world, practice, item))) {
      unaccounted.push(`${item.key}: quarantined, and it was ours`);
    }
    // Of those in quarantine that is said above.
    if (item.key.startsWith('PARKED#') && item.data.quarantined !== true)
      unaccounted.push(`${item.key}: a report that is matched with nothing`);
    if (!item.key.startsWith('DOC#')) continue;
    const record = { ...item.data, revision: item.revision } as unknown as StoredRecord;
    const due = item.indexed.nextCheckAt;
    if (due === undefined && (!hasEnded(record) || hasWork(record.work))) {
      unaccounted.push(`${item.key}: not ended, and nobody will look at it`);
    }
  }
  for (const { body } of world.deadLetters()) unaccounted.push(`dead letter: ${body}`);
  // A watch that throws is tried again the next minute.
  for (const failure of world.failures) if (!failure.includes('PortFault')) unaccounted.push(failure);
  return { documents: once.length, byState, doubles, unaccounted };
};

/**
 * A copy whose answer got lost, and which MESH could not deliver: its report names an id that nobody but MESH knows.
 * Nothing else in it tells whose it is, so a person looks at it (DESIGN 4).
 */
const isReportOfUnknownCopy = async (
  world: World,
  practice: Practice,
  { key, data }: { readonly key: string; readonly data: Record<string, unknown> },
): Promise<boolean> => {
  const id = key.replace('QUARANTINE#', '');
  const headers = await readWhole(world.archive, `received/${String(data.mailboxId)}/${id}/0001-headers`, 1 << 20);
  if (!headers || headers === 'too-large') return false;
  const linked = /"mex-linkedmsgid":"([^"]+)"/i.exec(headers.bytes.toString('utf8'))?.[1];
  const known = world.table.items().some((item) => item.key === `MESH#${linked}`);
  return linked !== undefined && !known && practice.posts.some(({ meshMessageId }) => meshMessageId === linked);
};

/** What the archive and whoever follows documents were not told of it, or not rightly. */
const untold = async (world: World, record: StoredRecord): Promise<readonly string[]> => {
  const { documentId, journal } = record;
  const story = await readStory(world.archive, documentId, { bytes: true });
  const wrong = [...story.problems, ...compareStory(story, record).differences];
  const events = world.published.filter((event) => event.documentId === documentId);
  const ids = new Map<number, string>();
  for (const event of events) {
    const known = ids.get(event.sequence);
    const text = JSON.stringify(event);
    if (known !== undefined && known !== text) wrong.push(`event ${event.sequence} came again as another`);
    ids.set(event.sequence, text);
  }
  for (let sequence = 1; sequence <= (journal?.events ?? 0); sequence++) {
    if (!ids.has(sequence)) wrong.push(`event ${sequence} was not published`);
  }
  const last = events.find(({ sequence }) => sequence === journal?.events);
  if (last?.state !== stateOf(record)) wrong.push(`its last event says ${last?.state}, its record ${stateOf(record)}`);
  return wrong;
};
