import { LimbeckError } from '@limbeck/core';
import { formatShape, type Shape, type Tensor } from '@limbeck/graph';

/**
 * Width of the target; refuses features that are not vectors [N, C] of one batch, or as many tokens [N, T, C].
 */
export function requireVectors(projector: string, x: Tensor, target: Shape): number {
  const isFlat = x.shape.length === 2 || x.shape.length === 3;
  if (
    isFlat &&
    x.shape.length === target.length &&
    x.shape.slice(0, -1).every((size, i) => size === target[i])
  ) {
    return target.at(-1)!;
  }
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `projector '${projector}' maps vectors [N, C] to vectors [N, D], or tokens [N, T, C] to as many [N, T, D]; the student's feature is ${formatShape(x.shape)}, the teacher's ${formatShape(target)}`,
    {
      hint: "tap 'embedding' on both sides; 'conv' projects maps, 'attention-pool' makes a vector, 'cross-attention' any number of tokens",
    },
  );
}
