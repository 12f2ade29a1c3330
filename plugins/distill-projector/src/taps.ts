import { LimbeckError, type ModelView } from '@limbeck/core';
import { formatShape, globalAveragePool, mean, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/** Options of methods that compare one vector of each side. */
export const tapOptions = {
  tap: z.string().default('embedding').describe('the feature on both sides; maps are pooled'),
  teacherTap: z.string().optional().describe("the teacher's feature; default as `tap`"),
};

/** Option of methods that add a KL term. */
export const headOption = z
  .string()
  .optional()
  .describe(
    "the student's logits in the KL term; default `distillation-logits` where it has them, else `logits`",
  );

/** The student's logits that meet the teacher's: those of a distillation head, as DeiT has one, where there is one. */
export function headLogits(student: ModelView, head: string | undefined): Tensor {
  const { taps } = student;
  const name = head ?? (taps.includes('distillation-logits') ? 'distillation-logits' : 'logits');
  return name === 'logits' ? student.logits : student.tap(name);
}

/** A tapped feature as vectors [N, D]: maps [N, C, H, W] are averaged over positions, tokens [N, T, D] over tokens. */
export function vectorOf(distiller: string, view: ModelView, tap: string): Tensor {
  const feature = view.tap(tap);
  if (feature.shape.length === 2) return feature;
  if (feature.shape.length === 4) return globalAveragePool(feature);
  if (feature.shape.length === 3) return mean(feature, { axis: 1 });
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller '${distiller}' compares vectors, maps or tokens; '${tap}' of ${view.role} '${view.id}' is ${formatShape(feature.shape)}`,
    { hint: "tap 'embedding'" },
  );
}
