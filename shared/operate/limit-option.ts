import { z } from 'zod';
import type { CommandOption } from './command.ts';

const usual = 100;
const most = 1000;
const sentence = `must be a whole number from 1 to ${most}`;

/** `--limit N`: how many are shown. */
export const limitField = z
  .string()
  .regex(/^\d{1,6}$/, sentence)
  .transform(Number)
  .refine((n) => n >= 1 && n <= most, sentence)
  .optional()
  .transform((n) => n ?? usual);

export const limitOption: CommandOption = {
  name: 'limit',
  form: 'N',
  meaning: `at most so many, ${usual} unless told, ${most} at the most`,
};
