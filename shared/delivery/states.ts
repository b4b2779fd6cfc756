import type { State } from '../platform/state-names.ts';

/** The names of a document's states, what each means to its sender, and whose move it is (DESIGN 3). */

export { type State, states } from '../platform/state-names.ts';

export const movers = ['nobody', 'this system', 'the operators', 'the practice', 'the sender'] as const;
export type Mover = (typeof movers)[number];

interface Meaning {
  readonly meaning: string;
  readonly whoseMove: Mover;
  readonly ended: boolean;
  /** A document that differs may take this one's place as a new composition of the same document. */
  readonly correctable: boolean;
}

const underWay = (whoseMove: Mover, meaning: string): Meaning => ({
  meaning,
  whoseMove,
  ended: false,
  correctable: false,
});
const ended = (whoseMove: Mover, meaning: string, correctable: boolean): Meaning => ({
  meaning,
  whoseMove,
  ended: true,
  correctable,
});

export const meanings: Readonly<Record<State, Meaning>> = {
  RECEIVED: underWay('this system', 'The document is registered; its message is being composed.'),
  COMPOSED: underWay('this system', 'The message is composed and stored; it waits to be sent.'),
  SENDING: underWay('this system', 'The message is being handed to MESH, or it is not yet known whether MESH took it.'),
  SENT: underWay('the practice', 'MESH has taken the message. The practice has not answered yet.'),
  INFRASTRUCTURE_ACKNOWLEDGED: underWay(
    'the practice',
    "The practice's system has taken the message in. It has not yet said whether it knows the patient.",
  ),
  ACCEPTED: ended(
    'nobody',
    "The practice's system has matched the patient. It does not mean that anybody has read the document.",
    false,
  ),
  REJECTED: ended(
    'the sender',
    'Refused here, before sending: nothing has left. Put the problems right and hand it over again.',
    true,
  ),
  SEND_FAILED: ended(
    'the sender',
    'It could not be handed to MESH. Reach the practice by another route or hand it over again.',
    true,
  ),
  UNDELIVERED: ended('the sender', 'MESH could not deliver it. Reach the practice by another route.', true),
  INFRASTRUCTURE_REJECTED: ended(
    'the sender',
    "The practice's system refused the message. Reach the practice by another route.",
    true,
  ),
  BUSINESS_REJECTED: ended(
    'the sender',
    'The practice does not accept it for this patient. Check where the patient is registered and reach that practice.',
    true,
  ),
  CONTRADICTED: ended(
    'the sender',
    'The practice gave two answers that exclude each other. Telephone the practice.',
    false,
  ),
  NULL_AND_VOID: ended(
    'the sender',
    'A replacement failed at the practice: neither it nor the version that it was to replace counts there any more. Telephone the practice.',
    false,
  ),
  REPLACED: ended('nobody', 'A later version of the same encounter has taken its place at the practice.', false),
  SUPERSEDED: ended(
    'nobody',
    'A later version of the same encounter went first, or says that nothing is to be sent; this one was not sent.',
    false,
  ),
  SUPPRESSED: ended(
    'nobody',
    'Deliberately not sent: confidential, or the patient is registered with the sender.',
    true,
  ),
  CANCELLED: ended('nobody', 'Withdrawn by its sender before it was sent: nothing of it has left.', true),
};
