import { z } from 'zod';
import { attentionCodes } from '../delivery/attention-codes.ts';
import { movers, states } from '../delivery/states.ts';
import { isoTime } from '../platform/clock.ts';
import { uuidV5 } from '../platform/ids.ts';
import type { StatusChange } from './status-change.ts';

/** `document.state-changed.v1`: what other systems get (docs/events). A field is only ever added to it. */

export const statusEventType = 'document.state-changed.v1';

const time = z.iso.datetime({ precision: 3 });
const code = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/);

export const statusEvent = z
  .strictObject({
    id: z.uuid().describe('The same whenever the same event comes again: events come at least once.'),
    type: z.literal(statusEventType),
    time: time.describe('When the document changed, UTC.'),
    sequence: z
      .int()
      .positive()
      .describe(
        'Of the document’s events: 1, 2, 3 … without a gap. They may arrive out of order: the highest one seen is how it stands; what has a lower one came late.',
      ),
    senderOds: z.string().describe('The organisation whose document it is.'),
    documentId: z.uuid(),
    encounterId: z.string().optional().describe('As the manifest names it; absent where a drop names none.'),
    documentVersion: z.int().optional().describe('The version of the encounter’s report, as the manifest names it.'),
    composition: z.int().positive().describe('Rises when other bytes are to be sent under the same document.'),
    state: z.enum(states).describe('What each means: docs/states.md.'),
    previousState: z.enum(states).optional().describe('Absent on a document’s first event.'),
    needsAttention: z.boolean().describe('Whether a person must do something about it.'),
    attention: z.array(z.enum(attentionCodes)).describe('Why, most pressing first.'),
    whoseMove: z.enum(movers),
    infrastructureCode: code.optional().describe('Of the practice’s infrastructure acknowledgement.'),
    businessCode: code.optional().describe('Of the practice’s business acknowledgement.'),
    reportCode: code.optional().describe('Of MESH’s report that it was not delivered.'),
    possibleDuplicate: z.literal(true).optional().describe('The practice may hold two copies.'),
  })
  .describe(
    'A document’s state is another, or what needs a person about it. Holds no patient data. ACCEPTED means that the practice’s system has matched the patient, not that anybody has read the document.',
  );
export type StatusEvent = z.output<typeof statusEvent>;

/** Where events are named: never changes. */
const events = '0d6e3b52-9d7c-5f0a-8a43-1c7b5f6f2e90';

export const statusEventOf = (
  of: {
    readonly documentId: string;
    readonly senderOds: string;
    readonly encounterId?: string;
    readonly version?: number;
  },
  { at, sequence, attention, ...change }: StatusChange,
): StatusEvent => ({
  id: uuidV5(events, `${of.documentId}/${sequence}`),
  type: statusEventType,
  time: isoTime(at),
  sequence,
  senderOds: of.senderOds,
  documentId: of.documentId,
  ...(of.encounterId === undefined ? {} : { encounterId: of.encounterId }),
  ...(of.version === undefined ? {} : { documentVersion: of.version }),
  needsAttention: attention.length > 0,
  attention: [...attention],
  ...change,
});

/** What a subscription can filter on. */
export const attributesOf = ({ type, senderOds, state, needsAttention }: StatusEvent): Record<string, string> => ({
  type,
  senderOds,
  state,
  needsAttention: String(needsAttention),
});

export const statusEventSchema = () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: statusEventType,
  ...z.toJSONSchema(statusEvent),
});
