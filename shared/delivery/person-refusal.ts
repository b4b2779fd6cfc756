import { noOp, type Reduction } from './reduction.ts';

/** Why something that a person asks for is not done. Who asks is told in words (`shared/operate/actions`). */
export const personRefusals = [
  'already-held',
  'nothing-to-hold',
  'not-held',
  'already-cancelled',
  'may-have-left',
  'has-left-or-ended',
  'nothing-open',
  'not-contradicted',
  'not-in-doubt',
  'still-being-sent',
  'later-version-begun',
  'never-composed',
  'awaits-answer',
  'practice-has-it',
  'in-doubt',
  'under-way',
  'accepted',
  'contradicted',
  'hand-over-again',
  'composed-too-often',
  'content-gone',
  'changed-meanwhile',
] as const;
export type PersonRefusal = (typeof personRefusals)[number];

export const refused = (why: PersonRefusal): Reduction => noOp(why);

/** As it ends a line of the history. */
export const said = ({ by, why }: { readonly by: string; readonly why: string }): string => `by ${by}: ${why}`;
