import path from 'node:path';
import { LimbeckError, type PlainRun, type Recipe, type UseObject } from '@limbeck/core';

/** What the command line changes about a recipe. */
export interface RecipeChanges {
  /** Share of the published training, in (0, 1]. */
  readonly scale?: number;
  /** Folder of the data. */
  readonly data?: string;
}

type Plain = Readonly<Record<string, unknown>>;

/** The configuration of the student's runs; `weights` is its teacher's file. */
export function studentConfig(recipe: Recipe, changes: RecipeChanges, weights?: string): PlainRun {
  const run = adapted(requireRun(recipe), recipe, changes);
  if (run.teacher === undefined) return run;
  const teacher = run.teacher as UseObject;
  const file = teacher.use === undefined ? { onnx: weights } : { weights };
  return { ...run, teacher: { ...teacher, ...file } as PlainRun['teacher'] };
}

/** The configuration that trains the teacher. */
export function teacherConfig(recipe: Recipe, changes: RecipeChanges): PlainRun | undefined {
  return recipe.teacherRun && adapted(recipe.teacherRun, recipe, changes);
}

/** @throws LimbeckError PRECONDITION where nothing here runs it */
function requireRun({ id, run, blocked }: Recipe): PlainRun {
  if (run !== undefined) return run;
  throw new LimbeckError('PRECONDITION', `recipe '${id}' cannot be run: ${blocked}`, {
    hint: 'limbeck recipes lists those that can; this one is there for its figure',
    details: { id, blocked },
  });
}

function adapted(run: PlainRun, { data }: Recipe, { scale = 1, data: folder }: RecipeChanges): PlainRun {
  const placed = folder === undefined ? {} : ownFolder.has(data) ? { path: folder } : { dir: folder };
  return { ...(scale === 1 ? run : shortened(run, scale)), data: { ...run.data, ...placed } };
}

/** Data sets whose files lie in the folder that is named, and not below it. */
const ownFolder = new Set(['imagenet', 'tiny-imagenet']);

/**
 * The same run with a share of its epochs, one at least; milestones, warm-ups and initial phases shrink with them.
 *
 * @throws LimbeckError USAGE
 */
function shortened(run: PlainRun, scale: number): PlainRun {
  if (!(scale > 0 && scale <= 1)) {
    throw new LimbeckError('USAGE', `--scale ${scale} is no share of a run`, { hint: 'write --scale 0.01' });
  }
  const { epochs } = run.train;
  const left = Math.max(1, Math.round(epochs * scale));
  const factor = left / epochs;
  return {
    ...run,
    ...(run.distiller === undefined ? {} : { distiller: inEpochs(run.distiller, factor) as never }),
    train: {
      ...run.train,
      epochs: left,
      ...(run.train.schedule === undefined
        ? {}
        : { schedule: inEpochs(run.train.schedule, factor) as never }),
    },
  };
}

/** Keys of schedules and distillers that count epochs. */
const epochKeys = new Set(['milestones', 'start', 'end', 'epochs', 'warmup', 'decay', 'initialEpochs']);
/** Those that count whole ones. */
const wholeKeys = new Set(['initialEpochs']);

/** A schedule or a distiller, with everything that counts epochs multiplied. */
function inEpochs(value: unknown, factor: number): unknown {
  if (Array.isArray(value)) return value.map((one) => inEpochs(one, factor));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Plain).map(([key, inner]) => {
      if (!epochKeys.has(key)) return [key, inEpochs(inner, factor)];
      const scaled = (epochs: number) =>
        wholeKeys.has(key)
          ? Math.max(1, Math.round(epochs * factor))
          : Number((epochs * factor).toPrecision(6));
      return [key, Array.isArray(inner) ? inner.map(scaled) : scaled(inner as number)];
    }),
  );
}

/** The seeds of so many runs: the recipe's, then further ones at the same distance. */
export function seedsOf({ seeds }: Pick<Recipe, 'seeds'>, count: number): number[] {
  const step = seeds.length > 1 ? seeds.at(-1)! - seeds.at(-2)! || 1 : 1;
  return Array.from({ length: count }, (_, i) =>
    i < seeds.length ? seeds[i]! : seeds.at(-1)! + step * (i - seeds.length + 1),
  );
}

/** Folder of a recipe's runs where none is named: the same command finds it again. */
export const usualFolder = ({ id }: Recipe, { scale = 1 }: RecipeChanges): string =>
  path.join('runs', `reproduce-${id.replace(/[^\w.+@-]+/g, '-')}${scale === 1 ? '' : `-x${scale}`}`);
