import * as z from 'zod';
import type { DeepReadonly } from './run-config.js';
import { count, id, isPattern, rename } from './schema-parts.js';

const pattern = z
  .union([z.string(), z.instanceof(RegExp)])
  .transform((given) => (typeof given === 'string' ? given : given.source))
  .refine((source) => isPattern(source), 'expected a regular expression');

const patterns = z
  .union([pattern, z.array(pattern)])
  .transform((given) => (typeof given === 'string' ? [given] : given));

const choice = z.strictObject({
  file: id.optional().describe('The file. What it is, its bytes say.'),
  run: id.optional().describe('In place of `file`: the folder of a run, whose student it is.'),
  epoch: z
    .union([z.enum(['deployed', 'last', 'best']), count])
    .optional()
    .describe(
      'Of a run: the epoch that is meant, counted from 1, if its weights are kept. Absent: `deployed`, the one its files hold.',
    ),
  entry: id
    .optional()
    .describe(
      'The part that is meant where it holds several: an entry of a checkpoint, or what names of the part begin with. Absent: the only one.',
    ),
  only: patterns
    .optional()
    .describe('Regular expressions: tensors whose names fit none are left out. Absent: none is.'),
  drop: patterns
    .optional()
    .describe('Regular expressions: tensors whose names fit one are left out. Absent: none is.'),
  rename,
  strict: z
    .boolean()
    .default(true)
    .describe(
      'Whether every tensor must be used and every parameter found. Otherwise the log lists those that are not; parameters of a student are drawn, those of a teacher must be there.',
    ),
  head: z
    .enum(['load', 'new'])
    .default('load')
    .describe(
      'Whether the classifier is loaded too, or a student gets a new one, for another number of classes.',
    ),
});

/** Weights of a model: a file, or what is to be taken of it; a bare path becomes an object. */
export const weights = z
  .union([id, choice])
  .transform((given) => (typeof given === 'string' ? choice.parse({ file: given }) : given))
  .superRefine(({ file, run, epoch, entry }, context) => {
    const refuse = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (file === undefined && run === undefined) refuse('file', 'expected `file`, or `run`');
    if (file !== undefined && run !== undefined) refuse('run', 'expected `file` or `run`, not both');
    if (run === undefined && epoch !== undefined) refuse('epoch', 'is for weights of a `run`');
    if (run !== undefined && entry !== undefined) refuse('entry', 'is for weights in a `file`');
  });

/** Weights that a configuration names. */
export type WeightsChoice = DeepReadonly<z.output<typeof choice>>;

interface Named {
  readonly weights?: WeightsChoice | undefined;
  readonly rename?: WeightsChoice['rename'];
}

/** What is wrong where rules for names stand both beside the weights and among what is said of them. */
export function renameProblem({ weights: chosen, rename: beside }: Named): string | undefined {
  if (beside === undefined) return undefined;
  return chosen?.rename === undefined ? undefined : 'expected rules beside `weights` or inside, not both';
}

/** The weights a model names, with the rules for names that stand beside them. */
export function weightsOf({ weights: chosen, rename: beside }: Named): WeightsChoice | undefined {
  return chosen === undefined || beside === undefined ? chosen : { ...chosen, rename: beside };
}
