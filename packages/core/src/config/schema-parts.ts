import * as z from 'zod';

export const id = z.string().min(1);

/** An id, or `{ use: id, ...options }`; a bare id becomes `{ use: id }`. */
export const use = z
  .union([id, z.looseObject({ use: id.describe('Its id; options stand beside it.') })])
  .transform((value) => (typeof value === 'string' ? { use: value } : value));

export const count = z.int().min(1);

/** More threads than any machine has cores would only wait for each other. */
export const threads = count.max(1024);

export const device = z.enum(['cpu', 'cuda', 'webgpu', 'wasm']);

export const precision = z.enum(['float32', 'bfloat16', 'int8']);

/** Mean and standard deviation, one value a channel. */
export const normalization = z
  .strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().positive()).min(1) })
  .refine(({ mean, std }) => mean.length === std.length, 'expected as many values in `std` as in `mean`');

/** True for a regular expression. */
export const isPattern = (source: string, flags?: string): boolean => {
  try {
    return new RegExp(source, flags) instanceof RegExp;
  } catch {
    return false;
  }
};

/** A rule for names of weights; regular expressions are written out before they come here. */
const renameRule = z
  .tuple([z.union([z.string(), z.instanceof(RegExp)]), z.string(), z.string().optional()])
  .transform(([pattern, replacement, flags]): [pattern: string, replacement: string, flags?: string] => {
    const source = typeof pattern === 'string' ? pattern : pattern.source;
    return flags === undefined ? [source, replacement] : [source, replacement, flags];
  })
  .refine(([pattern, , flags]) => isPattern(pattern, flags), 'expected [regular expression, replacement]');

/** Rules for names of weights, in order. */
export const renameRules = z.array(renameRule);

/** The same, for names in a file. */
export const rename = renameRules
  .optional()
  .describe('Rules [pattern, replacement] for names in that file, in order, for every name. Absent: none.');

/** Keys of an object of settings that stand beside the options of the contribution it names. */
export const ownKeys = ({ shape }: z.ZodObject): string[] =>
  Object.keys(shape).filter((key) => key !== 'use');
