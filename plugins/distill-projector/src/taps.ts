import { LimbeckError, type ModelView } from '@limbeck/core';
import { formatShape, globalAveragePool, type Tensor } from '@limbeck/graph';
import { z } from 'zod';

/** Options of methods that compare one vector of each side. */
export const tapOptions = {
  tap: z.string().default('embedding').describe('the feature on both sides; maps are pooled'),
  teacherTap: z.string().optional().describe("the teacher's feature; default as `tap`"),
};

/** A tapped feature as vectors [N, D]: maps are averaged over their positions. */
export function vectorOf(distiller: string, view: ModelView, tap: string): Tensor {
  const feature = view.tap(tap);
  if (feature.shape.length === 2) return feature;
  if (feature.shape.length === 4) return globalAveragePool(feature);
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller '${distiller}' compares vectors or maps; '${tap}' of ${view.role} '${view.id}' is ${formatShape(feature.shape)}`,
    { hint: "tap 'embedding'" },
  );
}
