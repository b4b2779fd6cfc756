import { toBeWritten, withRegistryEntry } from '../audit/registry-journal.ts';
import { responseCode } from '../itk3/response-codes.ts';
import type { MailboxId, MeshMessageId } from '../platform/ids.ts';
import { change, type Indexed, type Stored } from '../platform/table.ts';
import { type Applied, applyEvent, type DeliveryContext } from './documents.ts';
import { workGrace } from './due.ts';
import type { DeliveryEvent } from './events.ts';
import { quarantineKey, quarantineList } from './keys.ts';
import type { QuarantineDecision, Quarantined } from './quarantine.ts';
import type { Composition, Decision, DocumentRecord } from './record.ts';

/** On its mailbox's list, until somebody has dealt with it. */
export const indexedQuarantined = ({ mailboxId, at, done }: Quarantined): Indexed =>
  done ? {} : { mailboxList: quarantineList(mailboxId), listedAt: at };

const sentOut = ({ mailboxId }: Quarantined, { stored, attempts }: Composition): boolean =>
  stored?.mailboxId === mailboxId && attempts.length > 0;

/**
 * May what waits in quarantine be about this composition? It must have gone out through the same mailbox; and what names
 * a message of MESH is about one whose name we never learned, if it is not about one of ours. Pure.
 */
export const fitsQuarantined = (item: Quarantined, composition: Composition): boolean => {
  if (!sentOut(item, composition)) return false;
  const linked = item.report?.linkedMessageId;
  return (
    linked === undefined ||
    composition.meshMessageId === linked ||
    composition.attempts.some(({ outcome }) =>
      outcome?.kind === 'sent' ? outcome.meshMessageId === linked : outcome === undefined || outcome.kind === 'unknown',
    )
  );
};

/** Has anything of it gone out through that mailbox, whether or not it fits? Pure. */
export const wentThroughMailbox = (item: Quarantined, { compositions }: DocumentRecord): boolean =>
  compositions.some((composition) => sentOut(item, composition));

/** The composition that is meant where only the document is named: the last that may have been answered. */
export const fittingComposition = (item: Quarantined, record: DocumentRecord): Composition | undefined =>
  record.compositions.findLast((composition) => fitsQuarantined(item, composition));

/** The events that a quarantined message is to a composition; none where it says nothing that can be applied. Pure. */
export const quarantinedEvents = (
  meshMessageId: string,
  { mailboxId, fromMailboxId, response, report }: Quarantined,
  composition: Composition,
  { by, why, at }: Decision,
  now: number,
): readonly DeliveryEvent[] => {
  const matched: Decision = { at, by, why };
  const inboundMessageId = meshMessageId as MeshMessageId;
  if (response) {
    const codes = response.codes.length > 0 ? response.codes : ['NO_CODE'];
    return codes.map((code) => {
      const { level, polarity } = responseCode(code);
      return {
        kind: 'acknowledged',
        messageHeaderId: composition.messageHeaderId,
        level: level === 'business' ? 'business' : 'infrastructure',
        acknowledgement: {
          at: now,
          code,
          polarity,
          inboundMessageId,
          mailboxId: mailboxId as MailboxId,
          ...(response.responderOds === undefined ? {} : { responderOds: response.responderOds }),
          ...(fromMailboxId === undefined ? {} : { fromMailboxId }),
          matched,
        },
      };
    });
  }
  if (!report) return [];
  const { code, event, delivered, advice, linkedMessageId } = report;
  return [
    {
      kind: 'reported',
      // Of a copy whose answer was lost nobody ever knew MESH's id: that is why it lies here.
      meshMessageId: (linkedMessageId ?? composition.meshMessageId ?? meshMessageId) as MeshMessageId,
      composition: composition.number,
      report: {
        at: now,
        code,
        ...(event === undefined ? {} : { event }),
        ...(delivered ? { delivered } : {}),
        inboundMessageId,
        advice,
        matched,
      },
    },
  ];
};

/** `other`: somebody has decided otherwise before, and that stands. */
export type Deciding =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'decided' | 'same' | 'other';
      readonly item: Quarantined & { readonly decision: QuarantineDecision };
    };

const isSame = (a: QuarantineDecision, b: QuarantineDecision): boolean =>
  a.as === 'applied'
    ? b.as === 'applied' && a.documentId === b.documentId && a.composition === b.composition
    : b.as === 'dismissed';

/**
 * Writes down what is to become of it, once: of two people one decides and the other is told. On the work index from
 * then on, so that `watch` does it should whoever decided not come to it.
 */
export const decideQuarantined = (
  { table, clock }: DeliveryContext,
  meshMessageId: string,
  decision: QuarantineDecision,
): Promise<Deciding> =>
  change<Quarantined, Deciding>(table, quarantineKey(meshMessageId), (stored) => {
    if (!stored) return { kind: 'keep', result: { kind: 'none' } };
    const before = stored.decision;
    if (before) {
      const kind = isSame(before, decision) ? 'same' : 'other';
      return { kind: 'keep', result: { kind, item: { ...stored, decision: before } } };
    }
    const what = decision.as === 'applied' ? `applied to ${decision.documentId}` : decision.as;
    const item = { ...stored, decision, journal: withRegistryEntry(stored.journal, what, decision) };
    return {
      kind: 'put',
      item,
      indexed: { ...indexedQuarantined(item), nextCheckAt: clock.now() + workGrace },
      result: { kind: 'decided', item },
    };
  });

/** Does what was decided, and takes it off the list. Doing it twice is harmless. What it came to, event by event. */
export const finishQuarantined = async (
  context: DeliveryContext,
  meshMessageId: string,
  read: (documentId: string) => Promise<DocumentRecord | undefined>,
): Promise<readonly Applied[]> => {
  const { table, clock } = context;
  const key = quarantineKey(meshMessageId);
  const item = await table.read<Quarantined>(key);
  if (!item?.decision || item.done) return [];
  const { decision } = item;
  const came: Applied[] = [];
  if (decision.as === 'applied') {
    const record = await read(decision.documentId);
    const composition = record?.compositions.find(({ number }) => number === decision.composition);
    const events = composition ? quarantinedEvents(meshMessageId, item, composition, decision, clock.now()) : [];
    for (const event of events) came.push(await applyEvent(context, decision.documentId, event));
  }
  await change<Quarantined & Partial<Stored>, undefined>(table, key, (stored) =>
    !stored?.decision || stored.done
      ? { kind: 'keep', result: undefined }
      : {
          kind: 'put',
          item: { ...stored, done: { at: clock.now() } },
          ...(toBeWritten(stored) ? { indexed: { nextCheckAt: clock.now() } } : {}),
          result: undefined,
        },
  );
  return came;
};
