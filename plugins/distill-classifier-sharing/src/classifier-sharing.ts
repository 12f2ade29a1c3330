import { defineDistiller, LimbeckError, lastStageOf, type ModelView } from '@limbeck/core';
import {
  add,
  formatShape,
  globalAveragePool,
  matchSpatial,
  mean,
  mul,
  square,
  sub,
  type Tensor,
} from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { z } from 'zod';
import { bottleneck } from './bottleneck.js';

const options = z.strictObject({
  projectors: z.int().min(1).max(64).default(1).describe('number of projectors'),
  reduction: z.number().min(1).default(2).describe("teacher channels over the projectors' inner channels"),
  integration: z.enum(['mean', 'sum']).default('mean').describe('how projections become one'),
  weight: z.number().nonnegative().default(1).describe('of the feature term'),
  taskWeight: z.number().nonnegative().default(0).describe('of the cross-entropy of the prediction'),
  tap: z.string().optional().describe("the student's map; default its last stage"),
  teacherTap: z.string().default('last-map').describe("the map the teacher's classifier reads, once pooled"),
});

/** Several projections of a map, made one: [N, C, H, W] -> [N, out, H, W]. */
function integrate(
  m: Scope,
  map: Tensor,
  out: number,
  { projectors, reduction, integration }: z.infer<typeof options>,
): Tensor {
  const projections = Array.from({ length: projectors }, (_, k) =>
    bottleneck(m.in(k), map, { out, reduction }),
  );
  const total = projections.reduce((a, b) => add(a, b));
  return integration === 'sum' || projectors === 1 ? total : mul(total, 1 / projectors);
}

/** A map [N, C, H, W], or an error saying whose tap is none. */
function mapOf(view: ModelView, tap: string): Tensor {
  const map = view.tap(tap);
  if (map.shape.length === 4) return map;
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller 'classifier-sharing' projects maps [N, C, H, W]; '${tap}' of ${view.role} '${view.id}' is ${formatShape(map.shape)}`,
    { hint: 'tap a map before the pooling' },
  );
}

/**
 * Projector integration and classifier sharing (Zuo et al., Complex & Intelligent Systems 10, 2024): the student's
 * encoder, projectors and the teacher's own frozen classifier are trained as, and deployed as, one model. The student's
 * classifier is not used.
 *
 * The paper's abstract says that much, that several projectors are integrated, and that their size is chosen for each
 * pair. Its full text was not at hand; all else follows SimKD (Chen et al., CVPR 2022, arXiv:2203.14001), which has the
 * same path at inference with one projector: bottleneck projectors with a reduction factor, the map before pooling, the
 * squared error against the teacher's map as the only loss, the larger map pooled to the smaller. Ours are these choices:
 * one projector by default, as many more as asked for, each with a draw of its own, integrated by mean or sum before the
 * one loss; the student's map is the one after its last stage, as in SimKD, and not what later layers make of it; an
 * optional cross-entropy is that of the prediction through the teacher's classifier.
 */
export default defineDistiller({
  id: 'classifier-sharing',
  description:
    "integrated projectors lead the student's map to the teacher's own classifier, which is deployed with it",
  cite: 'doi:10.1007/s40747-024-01394-3',
  options,
  build({ student, teacher, options: chosen, m }) {
    const map = mapOf(student, chosen.tap ?? lastStageOf(student));
    const [s, target] = matchSpatial(map, mapOf(teacher, chosen.teacherTap));
    const projected = integrate(m.in('projectors'), s, target.shape[1]!, chosen);
    return {
      losses: { feature: { weight: chosen.weight, value: mean(square(sub(projected, target))) } },
      taskWeight: chosen.taskWeight,
      predict: teacher.classify(globalAveragePool(projected)),
    };
  },
});
