import { type AttentionCode, attentionCodes } from '../../shared/delivery/attention-codes.ts';
import { meanings, states } from '../../shared/delivery/states.ts';
import { markdownTable } from '../../shared/platform/settings-table.ts';
import type { Move } from './life.ts';

/** docs/states.md: what the states mean, and every move that `reduce` makes between them. */

/** When a document needs a person, and until when. */
const attentionMeanings: Readonly<Record<AttentionCode, string>> = {
  REJECTED: 'It ended so.',
  SEND_FAILED: 'It ended so.',
  UNDELIVERED: 'It ended so.',
  INFRASTRUCTURE_REJECTED: 'It ended so.',
  BUSINESS_REJECTED: 'It ended so.',
  CONTRADICTED: 'It ended so, until a person decides.',
  NULL_AND_VOID: 'It ended so.',
  HELD_IN_DOUBT: 'Two attempts, or one that cannot be repeated, ended without an answer from MESH.',
  HELD_OTHER_PATIENT: 'The PDF seems to be about somebody else; nothing has left.',
  HELD_BY_OPERATOR: 'An operator holds it.',
  NOT_SENT_IN_TIME: 'Not handed to MESH within its due time (`dueTimes.handoverMinutes`).',
  INFRASTRUCTURE_OVERDUE: 'No infrastructure acknowledgement within its due time, also of one that is ACCEPTED.',
  MESH_RETURN_NEAR: 'Nothing heard of it for so long that MESH may be about to hand it back.',
  BUSINESS_OVERDUE: 'No business acknowledgement within its due time, in working days.',
  PATIENT_DECEASED: 'Accepted with 30004: the practice has recorded the patient as deceased.',
  EARLIER_COMPOSITION_ACCEPTED: 'The practice has accepted what was corrected or sent anew since.',
  OLDER_VERSION_ELSEWHERE:
    'The version before went to another practice, which still holds it; this one goes elsewhere, or will not go at all.',
  OLDER_VERSION_STANDS: 'The practice still holds the version that this one was to replace.',
  ANSWERED_BY_ANOTHER_MAILBOX: 'The answer came from another mailbox than the one that MESH chose.',
  WENT_TO_ANOTHER_PRACTICE: 'MESH chose another practice than the one that the manifest names.',
};

const byState = (a: Move, b: Move): number => {
  const rank = (state: Move['from']) => (states as readonly string[]).indexOf(state);
  return rank(a.from) - rank(b.from) || rank(a.to) - rank(b.to) || (a.words < b.words ? -1 : 1);
};

/** Words of moves between the same two states, on one arrow. */
const arrows = (moves: readonly Move[]): readonly string[] => {
  const together = new Map<string, string[]>();
  for (const { from, to, words } of [...moves].sort(byState)) {
    const arrow = `${from} --> ${to}`;
    together.set(arrow, [...(together.get(arrow) ?? []), words]);
  }
  return [...together].map(([arrow, words]) => `  ${arrow}: ${words.join(', ')}`);
};

const picture = (moves: readonly Move[]): string =>
  ['```mermaid', 'stateDiagram-v2', ...arrows(moves), '```'].join('\n');

const isEnd = (state: Move['from']): boolean => state !== '[*]' && meanings[state].ended;

export const statesPage = (moves: readonly Move[]): string =>
  `# The states of a document

Made from the code by \`UPDATE=1 npx vitest run test/unit/docs/states.test.ts\`: the pictures show every move that \`reduce\`
makes, found by trying everything that can happen to a document, in every order, until nothing new is found. A test fails
when this page and the code differ.

## What they mean

${markdownTable(
  ['State', 'Whose move', 'Ended', 'Meaning'],
  states.map((state) => {
    const { whoseMove, ended, meaning } = meanings[state];
    return [state, whoseMove, ended ? 'yes' : 'no', meaning];
  }),
)}

Held, overdue and resolved are facts beside the state.

## On the way

${picture(moves.filter(({ from }) => !isEnd(from)))}

## Out of an end

${picture(moves.filter(({ from }) => isEnd(from)))}

CONTRADICTED is left by a person's decision alone. Where an answer leads from CANCELLED or SUPERSEDED, it had been tried
before and was thought not to have left: the practice must know. Where one leads to CONTRADICTED from an unfinished state, or
from one of these two, it is about an earlier composition of the same document.

## When a document needs a person

Each condition has its age, and stays until the document moves or somebody records what was done (\`conditionsOf\` in
\`shared/delivery/conditions.ts\`); \`npm run operate -- attention\` lists them.

${markdownTable(
  ['Code', 'When'],
  attentionCodes.map((code) => [`\`${code}\``, attentionMeanings[code]]),
)}
`;
