import type { Shape, Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import type { OptionSchema, Use } from './contribution.js';

/** Builds another projector by its id or configuration, at a place of its own. */
export type BuildProjector = (use: Use, m: Scope, x: Tensor, target: Shape) => Tensor;

/**
 * Maps a feature to another width: student features towards the teacher's. Its parameters are trained with the student
 * and dropped at inference, unless the distiller's prediction goes through them.
 */
export interface Projector<Options = unknown> {
  readonly id: string;
  readonly description: string;
  readonly options?: OptionSchema<Options>;
  /**
   * x: [N, C], [N, T, C] or [N, C, H, W] -> the target's shape.
   *
   * @param target shape of the feature to meet, batch included
   * @throws LimbeckError SHAPE_MISMATCH naming both shapes where it cannot get there
   */
  project(m: Scope, x: Tensor, target: Shape, options: Options, build: BuildProjector): Tensor;
}

/** Declares a projector; the identity function, with types. */
export function defineProjector<Options>(projector: Projector<Options>): Projector<Options> {
  return projector;
}
