import type { Backbone } from '@limbeck/core';

/** One thing a backbone has to do. */
export interface BackboneCase {
  /** Path-like: `images/3x64x64`, `training/running statistics follow`. */
  readonly name: string;
  /** @throws LimbeckError VERIFY_FAILED, or what the backbone throws */
  run(): Promise<void>;
}

/** What every case is given. */
export interface BackboneSubject {
  // biome-ignore lint/suspicious/noExplicitAny: every backbone brings an option type of its own
  readonly backbone: Backbone<any>;
  /** Complete. */
  readonly options: unknown;
  readonly image: readonly [number, number, number];
  readonly classes: number;
}
