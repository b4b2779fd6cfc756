import { z } from 'zod';
import { type HoldReason, type ResolutionRoute, resolutionRoutes } from '../../delivery/record.ts';
import { cancel } from '../actions/cancel.ts';
import { type DecisionAs, decide, decisions } from '../actions/decide.ts';
import { hold } from '../actions/hold.ts';
import { release } from '../actions/release.ts';
import { resend } from '../actions/resend.ts';
import { resolve } from '../actions/resolve.ts';
import type { Command } from '../command.ts';
import { documentCommand } from '../document-command.ts';

const holdReasons = ['operator', 'doubt', 'other-patient', 'paused'] as const satisfies readonly HoldReason[];
const oneOf = <T extends string>(values: readonly [T, ...T[]]) => z.enum(values, `must be one of ${values.join(', ')}`);

const who = "--by 'Ann Bell'";

/** What operators do to documents. */
export const actionCommands: readonly Command[] = [
  documentCommand({
    words: 'resend',
    does: 'send a document again that did not arrive',
    notes: [
      'The same bytes under the same ids where nothing negative was answered, else under ids of its own.',
      'Not what is ACCEPTED, is under way, has a later version, or lies at the practice.',
    ],
    examples: [
      `resend DOCUMENTID ${who} --why 'practice has put its mailbox right' --table TABLENAME`,
      `resend --list undelivered.csv --code UNDELIVERED --sender RX1 ${who} --why 'MESH incident 12' --table TABLENAME`,
      `resend --from-list undelivered.csv ${who} --why 'MESH incident 12' --yes --table TABLENAME`,
    ],
    action: () => resend,
  }),
  documentCommand({
    words: 'cancel',
    does: 'withdraw a document that has not been handed to MESH',
    notes: ['Afterwards it cannot be recalled: you are told where it went, to telephone them.'],
    examples: [`cancel DOCUMENTID ${who} --why 'sender: wrong report' --table TABLENAME`],
    action: () => cancel,
  }),
  documentCommand({
    words: 'hold',
    does: 'keep a document from being sent until it is released',
    notes: ['One that is in doubt is not sent once more by itself while it is held.'],
    examples: [`hold DOCUMENTID ${who} --why 'sender looks at it' --table TABLENAME`],
    action: () => hold,
  }),
  documentCommand({
    words: 'release',
    does: 'let a document go on that is held',
    notes: [
      'doubt: it is sent once more, although the practice may hold a copy. Telephone first.',
      'other-patient: you say that PDF and manifest are right. Within 30 days of its drop.',
    ],
    options: [{ name: 'reason', form: holdReasons.join('|'), meaning: 'what it is held for' }],
    fields: { reason: oneOf(holdReasons) },
    examples: [
      `release DOCUMENTID --reason other-patient ${who} --why 'sender confirms both' --table TABLENAME`,
      `release DOCUMENTID --reason doubt ${who} --why 'practice has nothing' --yes --table TABLENAME`,
    ],
    action: ({ reason }) => release(reason as HoldReason),
  }),
  documentCommand({
    words: 'resolve',
    does: 'record what was done about a document that needs a person',
    notes: ['It sends nothing. Why (--why) is kept as the note, which the sender reads.'],
    options: [
      {
        name: 'route',
        form: resolutionRoutes.join('|'),
        meaning: 'how the practice was reached, or that it need not be',
      },
    ],
    fields: { route: oneOf(resolutionRoutes) },
    examples: [`resolve DOCUMENTID --route telephoned ${who} --why 'practice manager has it' --table TABLENAME`],
    action: ({ route }) => resolve(route as ResolutionRoute),
  }),
  documentCommand({
    words: 'decide',
    does: 'record what the practice said about a contradiction or a doubt',
    notes: [
      'accepted, rejected: which of two answers that exclude each other counts (CONTRADICTED).',
      'arrived, lost: whether what is in doubt has come. Either way later versions of its encounter go on.',
    ],
    options: [{ name: 'as', form: decisions.join('|'), meaning: 'what the practice said' }],
    fields: { as: oneOf(decisions) },
    examples: [
      `decide DOCUMENTID --as accepted ${who} --why 'telephoned: it is in the record' --table TABLENAME`,
      `decide DOCUMENTID --as arrived ${who} --why 'telephoned: they have it' --table TABLENAME`,
    ],
    action: ({ as }) => decide(as as DecisionAs),
  }),
];
