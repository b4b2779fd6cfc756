import { z } from 'zod';
import { holdsNhsNumber } from '../submission/nhs-number.ts';
import type { CommandOption } from './command.ts';

/** Words that are kept, and that others than operators read: nothing about a patient belongs there. */
export const keptWords = (limit: number) =>
  z
    .string('must be given')
    .trim()
    .min(1, 'must be given')
    .max(limit, `must be ${limit} characters or fewer`)
    .regex(/^[^\p{Cc}]*$/u, 'must be on one line')
    .refine((text) => !holdsNhsNumber(text), 'must not hold an NHS number: the sender reads it');

/** Who changes something, and why. Every command that changes anything asks for both. */
export const whoFields = { by: keptWords(50), why: keptWords(120) };
export const who = z.object(whoFields);
export type Who = z.output<typeof who>;

export const whoOptions: readonly CommandOption[] = [
  { name: 'by', form: 'WHO', meaning: 'who asks for it: kept, with the time' },
  { name: 'why', form: 'WORDS', meaning: 'why, in a few words without anything about a patient: kept too' },
];

/** Who looks. Why is asked of those who read a whole story, and kept where others give it. */
export const looker = {
  who: z.object({ by: whoFields.by, why: whoFields.why.optional() }),
  'who-and-why': who,
} as const;

/** Problems of options and arguments, one to a line, as they are typed. */
export const problemLines = (error: z.ZodError, names: Readonly<Record<string, string>> = {}): string[] =>
  error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return `  ${names[name] ?? `--${name}`}: ${message}`;
  });
