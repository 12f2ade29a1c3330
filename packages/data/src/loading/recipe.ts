import type { ImageShape } from '@limbeck/core';
import { standardAugmentations } from '../augmentations/standard.js';
import type { PictureCachePlace } from '../cache/picture-cache.js';
import type { Normalization } from '../normalize.js';
import type { ChosenChange, OpenShape } from '../pipeline/changes.js';

/** Everything that decides what a sample's pixels are, once it is decoded. */
export interface Recipe {
  /** Before any change. */
  readonly before: OpenShape;
  readonly changes: readonly ChosenChange[];
  /** [C, H, W] after all changes. */
  readonly imageShape: ImageShape;
  readonly normalization: Normalization;
  /** The run's seed. */
  readonly seed: number;
  /**
   * Which of several pictures of the same sample this is: pictures of another number are changed by draws of their own.
   * Default 0.
   */
  readonly picture?: number | undefined;
  /** Where pictures are kept as pixels. Default: nowhere. */
  readonly cache?: PictureCachePlace | undefined;
}

/** A change as it is sent to a thread. */
export interface SentChange {
  readonly id: string;
  readonly options: unknown;
  /** Module that exports it; undefined where it is one of the standard ones. */
  readonly module: string | undefined;
}

/** A recipe as it is sent to a thread. */
export type SentRecipe = Omit<Recipe, 'changes'> & { readonly changes: readonly SentChange[] };

/** What to send to a thread; undefined where a change is known to this thread alone. */
export function sendable(recipe: Recipe): SentRecipe | undefined {
  const changes = recipe.changes.map(({ contribution, options }): SentChange | undefined => {
    const { id, module } = contribution;
    if (standardAugmentations.includes(contribution)) return { id, options, module: undefined };
    return module === undefined ? undefined : { id, options, module };
  });
  if (!changes.every((change) => change !== undefined)) return undefined;
  return { ...recipe, changes };
}

/** The recipe that was sent. */
export async function received(recipe: SentRecipe): Promise<Recipe> {
  return { ...recipe, changes: await Promise.all(recipe.changes.map(find)) };
}

async function find({ id, options, module }: SentChange): Promise<ChosenChange> {
  const exported =
    module === undefined ? standardAugmentations : (Object.values(await import(module)) as unknown[]);
  const contribution = exported.find(
    (value) => typeof value === 'object' && value !== null && 'id' in value && value.id === id,
  );
  if (contribution === undefined) throw new Error(`${module} exports no augmentation '${id}'`);
  return { contribution: contribution as ChosenChange['contribution'], options };
}
