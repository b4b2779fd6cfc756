import type { Attention } from '../../delivery/attention.ts';
import { type OpenDocument, openDocuments } from '../../delivery/open-attention.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { days, hours, isoTime, minutes } from '../../platform/clock.ts';
import { odsCode } from '../../senders/sender.ts';
import { type Command, type CommandContext, type CommandResult, misused, succeeded } from '../command.ts';

export interface AttentionOptions {
  readonly sender?: string | boolean | undefined;
}

/** `3 days`, `5 hours`, `12 minutes`: the largest that fits. */
const ageOf = (ms: number): string => {
  for (const [name, unit] of [
    ['day', days(1)],
    ['hour', hours(1)],
    ['minute', minutes(1)],
  ] as const) {
    const count = Math.floor(ms / unit);
    if (count > 0) return `${count} ${name}${count === 1 ? '' : 's'}`;
  }
  return 'under a minute';
};

const practiceWords = ({ practice }: Attention): string =>
  practice === undefined ? '' : `, practice ${[practice.name, practice.odsCode].filter(Boolean).join(' ')}`;

const linesOf = ({ record, attention }: OpenDocument, now: number): readonly string[] => {
  const { documentId, senderOds, version, encounterId } = record;
  const named = encounterId === undefined ? '' : `, encounter ${encounterId} version ${version}`;
  return [
    `${documentId}, sender ${senderOds}${named}, ${stateOf(record)}`,
    ...attention.flatMap((one) => [
      `  ${one.code} for ${ageOf(now - one.since)}, since ${isoTime(one.since)}: the move of ${one.whoseMove}${practiceWords(one)}`,
      `    ${one.what}`,
      `    ${one.todo}`,
    ]),
  ];
};

/** As programs read it; nothing about a patient. */
const asJson = ({ record, attention, since }: OpenDocument) => ({
  documentId: record.documentId,
  senderOds: record.senderOds,
  ...(record.encounterId === undefined ? {} : { encounterId: record.encounterId }),
  ...(record.version === undefined ? {} : { version: record.version }),
  state: stateOf(record),
  since: isoTime(since),
  attention: attention.map((one) => ({ ...one, since: isoTime(one.since) })),
});

/** `operate attention`: every document that needs a person, longest first: what is wrong, whose move it is, what to do. */
export const showAttention = async (
  { sender }: AttentionOptions,
  { table, clock }: CommandContext,
): Promise<CommandResult> => {
  const wanted = sender === undefined ? undefined : odsCode.safeParse(sender);
  if (wanted?.success === false) return misused('--sender: an ODS code is 3 to 10 capital letters and digits');
  const open = await openDocuments(table, wanted === undefined ? {} : { senderOds: wanted.data });
  const now = clock.now();
  const of = wanted === undefined ? '' : `, of sender ${wanted.data}`;
  const count = `${open.length} document${open.length === 1 ? ' needs' : 's need'} a person${of}.`;
  return succeeded([count, ...open.flatMap((one) => linesOf(one, now))], open.map(asJson));
};

export const attentionCommands: readonly Command[] = [
  {
    words: 'attention',
    takes: [],
    looks: 'who',
    does: 'every document that needs a person, longest first: what is wrong, whose move, what to do',
    notes: ['A document stays on the list until it moves on, or somebody records what was done about it.'],
    options: [{ name: 'sender', form: 'ODS', meaning: 'only those of this organisation' }],
    examples: [
      "attention --by 'Ann Bell' --table TABLENAME",
      "attention --sender RX1 --by 'Ann Bell' --json --table TABLENAME",
    ],
    run: (_, options, context) => showAttention(options, context),
  },
];
