import { z } from 'zod';
import { readDocument } from '../../delivery/documents.ts';
import { quarantineKey } from '../../delivery/keys.ts';
import type { QuarantineDecision, Quarantined } from '../../delivery/quarantine.ts';
import {
  decideQuarantined,
  finishQuarantined,
  fitsQuarantined,
  fittingComposition,
  quarantinedEvents,
  wentThroughMailbox,
} from '../../delivery/quarantine-decision.ts';
import type { Composition, DocumentRecord } from '../../delivery/record.ts';
import { reduce } from '../../delivery/reduce.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { isoTime } from '../../platform/clock.ts';
import type { DocumentId } from '../../platform/ids.ts';
import type { Stored } from '../../platform/table.ts';
import { personSettings } from '../act.ts';
import { describe } from '../actions/words.ts';
import {
  type Command,
  type CommandContext,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
} from '../command.ts';
import { confirmed, yesOption } from '../confirmed.ts';
import { findDocument, noDocument, waysToName } from '../find-document.ts';
import { problemLines, type Who, who, whoFields, whoOptions } from '../who.ts';
import { notThere, suggested, what } from './quarantine.ts';

type Item = Quarantined & Stored;

const decidedWords = ({ at, by, why, ...decision }: QuarantineDecision): string =>
  `at ${isoTime(at)}, by ${by}, ${decision.as === 'applied' ? `to be about document ${decision.documentId}` : 'to be of no document here'}: ${why}`;

const asText = (item: Quarantined, id: string): string =>
  `${id} came into ${item.mailboxId} at ${isoTime(item.at)}: ${what(item)}.`;

/** Writes the decision down, then does it; `watch` does what is left should this break off. */
const decideAndDo = async (
  id: string,
  decision: QuarantineDecision,
  context: CommandContext,
): Promise<CommandResult> => {
  const { table, clock } = context;
  const delivery = { table, clock, settings: personSettings };
  const decided = await decideQuarantined(delivery, id, decision);
  if (decided.kind === 'none') return notThere(context.table, id);
  const { item } = decided;
  if (decided.kind === 'other') {
    return refused(`Nothing was done: it was decided before, ${decidedWords(item.decision)}`, 'That stands.');
  }
  const came = await finishQuarantined(delivery, id, (documentId) => readDocument(table, documentId as DocumentId));
  if (decided.kind === 'same') {
    const words = `It was decided before, ${decidedWords(item.decision)}`;
    return {
      ok: true,
      lines: [words, item.done ? 'Nothing was changed.' : 'It had not been done, and is now.'],
      data: { meshMessageId: id, changed: !item.done },
    };
  }
  if (decision.as === 'dismissed') {
    return {
      ok: true,
      lines: [`${id} is dismissed: no document is changed. By ${decision.by}: ${decision.why}`],
      data: { meshMessageId: id, changed: true },
    };
  }
  const record = await readDocument(table, decision.documentId);
  const lines = came.map((applied) =>
    applied.kind === 'changed' ? `  ${applied.what}` : `  no change: ${applied.why}`,
  );
  return {
    ok: true,
    lines: [
      `${id} is applied to document ${decision.documentId}, composition ${decision.composition}. By ${decision.by}: ${decision.why}`,
      ...lines,
      ...(record ? [describe(record)] : []),
    ],
    data: {
      meshMessageId: id,
      changed: true,
      documentId: decision.documentId,
      ...(record ? { state: stateOf(record) } : {}),
    },
  };
};

const chosenComposition = (
  item: Quarantined,
  record: DocumentRecord,
  number: number | undefined,
): Composition | undefined => {
  if (number === undefined) return fittingComposition(item, record);
  const named = record.compositions.find((one) => one.number === number);
  return named && fitsQuarantined(item, named) ? named : undefined;
};

/** What the document would become, event by event, as `reduce` says. */
const foretell = (record: DocumentRecord, item: Item, id: string, composition: Composition, by: Who, now: number) => {
  let after = record;
  const lines: string[] = [];
  const events = quarantinedEvents(id, item, composition, { at: now, ...by }, now);
  for (const event of events) {
    const reduction = reduce(after, event, now);
    if (reduction.kind === 'changed') after = reduction.record;
    lines.push(reduction.kind === 'changed' ? `  ${reduction.what}` : `  no change: ${reduction.why}`);
  }
  return { events, lines: [...lines, `It is ${stateOf(record)} and becomes ${stateOf(after)}.`] };
};

const applyWords = z.object({
  composition: z.coerce.number('must be a number').int().positive().optional(),
  ...whoFields,
});

const apply = async (
  id: string,
  name: string,
  options: CommandOptions,
  context: CommandContext,
): Promise<CommandResult> => {
  const read = applyWords.safeParse(options);
  if (!read.success) return misused('Nothing was done; put these right:', ...problemLines(read.error));
  const { table, clock } = context;
  const by: Who = { by: read.data.by, why: read.data.why };
  const item = await table.read<Quarantined>(quarantineKey(id));
  if (!item) return notThere(context.table, id);
  const record = await findDocument(context, name);
  if (!record) return refused(noDocument(name));
  const composition = chosenComposition(item, record, read.data.composition);
  if (!composition) {
    return refused(
      describe(record),
      wentThroughMailbox(item, record) && item.report && read.data.composition === undefined
        ? `The report is about MESH's message ${item.report.linkedMessageId}, and it is known under which ids this document went: it cannot be about it. A report of an unknown message is about a document of which MESH's answer was lost.`
        : `Nothing of it ${read.data.composition === undefined ? '' : `as composition ${read.data.composition} `}went out through ${item.mailboxId}: what came into that mailbox cannot be about it.`,
    );
  }
  const decision: QuarantineDecision = {
    at: clock.now(),
    ...by,
    as: 'applied',
    documentId: record.documentId,
    composition: composition.number,
  };
  if (item.decision) return decideAndDo(id, decision, context);
  const { events, lines } = foretell(record, item, id, composition, by, clock.now());
  if (events.length === 0) {
    return refused(
      `${asText(item, id)} It says nothing that could be applied to this document: dismiss it, and record what was done about the document (resolve).`,
    );
  }
  const isSuggested = item.suggestions?.some((one) => one.documentId === record.documentId) === true;
  const shown = [
    asText(item, id),
    describe(record),
    `To composition ${composition.number} of it:`,
    ...lines,
    ...(isSuggested ? [] : ['IT IS NOT AMONG THE DOCUMENTS THAT ARE SUGGESTED: be sure that it is this one.']),
    ...(await suggested(table, item)).lines,
  ];
  return confirmed(
    shown,
    options,
    context,
    { meshMessageId: id, documentId: record.documentId, wouldHappen: lines },
    () => decideAndDo(id, decision, context),
  );
};

const dismiss = async (id: string, options: CommandOptions, context: CommandContext): Promise<CommandResult> => {
  const read = who.safeParse(options);
  if (!read.success) return misused('Nothing was done; put these right:', ...problemLines(read.error));
  const item = await context.table.read<Quarantined>(quarantineKey(id));
  if (!item) return notThere(context.table, id);
  const decision: QuarantineDecision = { at: context.clock.now(), ...read.data, as: 'dismissed' };
  if (item.decision) return decideAndDo(id, decision, context);
  const shown = [
    asText(item, id),
    'It is taken off the list, and changes no document. Its bytes stay in the archive.',
    ...(await suggested(context.table, item)).lines,
  ];
  return confirmed(shown, options, context, { meshMessageId: id }, () => decideAndDo(id, decision, context));
};

const notes = ['Decided once: of two people one decides, and the other is told. Doing it again changes nothing.'];

export const quarantineDecisionCommands: readonly Command[] = [
  {
    words: 'quarantine apply',
    looks: 'who',
    changes: true,
    takes: ['MESSAGE_ID', 'ID'],
    does: 'say which document a quarantined answer or report is about: it then counts for it',
    notes: [...notes, 'Only for a document that went out through the mailbox into which it came.', waysToName],
    options: [
      { name: 'composition', form: 'NUMBER', meaning: 'which composition of it; the last that went, unless told' },
      ...whoOptions,
      yesOption,
    ],
    examples: ["quarantine apply MESSAGEID DOCUMENTID --by 'Ann Bell' --why 'practice confirms' --table TABLENAME"],
    run: ([id = '', name = ''], options, context) => apply(id, name, options, context),
  },
  {
    words: 'quarantine dismiss',
    looks: 'who',
    changes: true,
    takes: ['MESSAGE_ID'],
    does: 'take a quarantined answer or report off the list: it concerns no document here',
    notes,
    options: [...whoOptions, yesOption],
    examples: ["quarantine dismiss MESSAGEID --by 'Ann Bell' --why 'of the former system' --table TABLENAME"],
    run: ([id = ''], options, context) => dismiss(id, options, context),
  },
];
