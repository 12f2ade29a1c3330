import type { Sample } from '@limbeck/core';
import type { SentRecipe } from './recipe.js';

/** A sample to be loaded. */
export interface Item {
  readonly sample: Sample;
  /** What messages call it; empty where the sample says so itself. */
  readonly name: string;
  /** Hash of its content, by which its pixels are kept; undefined where they are not. */
  readonly content?: string | undefined;
  /** Index in the split. */
  readonly index: number;
  /** Which image of the batch it becomes. */
  readonly slot: number;
}

/** A sample that could not be loaded. */
export interface Failure {
  readonly slot: number;
  readonly index: number;
  readonly code: 'BAD_DATA' | 'BAD_FILE';
  readonly message: string;
  readonly hint: string | undefined;
}

/** What a thread is told. */
export type Order =
  | { readonly type: 'recipe'; readonly id: number; readonly recipe: SentRecipe }
  | {
      readonly type: 'load';
      readonly job: number;
      readonly recipe: number;
      readonly draw: number;
      /** Images of the batch; shared, so that nothing is copied. */
      readonly images: Float32Array;
      readonly items: readonly Item[];
    };

/** What a thread answers. */
export type Answer =
  | { readonly type: 'loaded'; readonly job: number; readonly failures: readonly Failure[] }
  /** Something other than a bad sample. */
  | { readonly type: 'broken'; readonly job: number; readonly message: string };
