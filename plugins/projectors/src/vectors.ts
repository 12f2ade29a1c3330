import { LimbeckError } from '@limbeck/core';
import { formatShape, type Shape, type Tensor } from '@limbeck/graph';

/** Width of the target; refuses features that are not vectors [N, C] of one batch. */
export function requireVectors(projector: string, x: Tensor, target: Shape): number {
  if (x.shape.length === 2 && target.length === 2 && x.shape[0] === target[0]) return target[1]!;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `projector '${projector}' maps vectors [N, C] to vectors [N, D]; the student's feature is ${formatShape(x.shape)}, the teacher's ${formatShape(target)}`,
    { hint: "tap 'embedding' on both sides, or use a projector for maps" },
  );
}
