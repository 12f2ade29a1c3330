import { LimbeckError, type ModelView } from '@limbeck/core';
import { formatShape, sameShape, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/** Option that says which logits of the student follow the teacher's. */
export const tap = z
  .string()
  .default('logits')
  .describe("logits of the student that follow the teacher's; `distillation-logits` of a distilled ViT");

/**
 * The student's logits at a tap: those of another head than the deployed one, as the distillation token of DeiT has
 * (Touvron et al., 2021).
 *
 * @throws LimbeckError UNKNOWN_TAP, SHAPE_MISMATCH where the tap has not one value a class
 */
export function studentLogits(distiller: string, student: ModelView, name: string): Tensor {
  const logits = name === 'logits' ? student.logits : student.tap(name);
  if (sameShape(logits.shape, student.logits.shape)) return logits;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller '${distiller}' takes logits ${formatShape(student.logits.shape)}, tap '${name}' of student '${student.id}' is ${formatShape(logits.shape)}`,
    { hint: "name a tap that holds logits, or leave `tap` out for the student's own" },
  );
}
