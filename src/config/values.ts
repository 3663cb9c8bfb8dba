import { resolve } from 'node:path';
import { z } from 'zod';

/** A whole number within these bounds, in decimal digits. */
export function wholeNumber(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

/** A number within these bounds, in decimal digits with or without decimals. */
export function decimalNumber(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,12}(\.\d{1,12})?$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

/** A text of this form; null where nothing is set. */
export function optional(form: RegExp): z.ZodType<string | null, string> {
  return z
    .string()
    .refine((text) => text === '' || form.test(text))
    .transform((text) => (text === '' ? null : text));
}

/** An absolute path; null where nothing is set. */
export function optionalPath(): z.ZodType<string | null, string> {
  return optional(/^[^\0]+$/).transform((path) => (path === null ? null : resolve(path)));
}
