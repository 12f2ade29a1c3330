import { defineDistiller, LimbeckError, lastStageOf, type ModelView } from '@limbeck/core';
import {
  formatShape,
  globalAveragePool,
  matchSpatial,
  meanSquaredError,
  reshape,
  type Tensor,
} from '@limbeck/graph';
import { z } from 'zod';
import { integrate, integration } from './integration.js';
import { parallelBottlenecks } from './parallel.js';

const options = z.strictObject({
  projectors: z.int().min(1).max(64).default(2).describe('number of projectors'),
  reduction: z.number().min(1).default(2).describe("teacher channels over the projectors' inner channels"),
  depthwise: z
    .boolean()
    .default(false)
    .describe("the projectors' middle convolution works within each channel"),
  integration,
  feature: z
    .enum(['map', 'vector'])
    .default('map')
    .describe('what is projected: maps before pooling, or what is pooled of them'),
  weight: z.number().nonnegative().default(1).describe('of the feature term'),
  taskWeight: z.number().nonnegative().default(0).describe('of the cross-entropy of the prediction'),
  tap: z.string().optional().describe("the student's feature; default its last stage, or its embedding"),
  teacherTap: z
    .string()
    .optional()
    .describe("what the teacher's classifier reads; default its last map, or its embedding"),
});

type Feature = z.infer<typeof options>['feature'];

/** A tap as [N, C, H, W], or an error saying whose tap is of the other kind. Vectors count as maps of one position. */
function featureOf(view: ModelView, tap: string, kind: Feature): Tensor {
  const feature = view.tap(tap);
  if (kind === 'map' && feature.shape.length === 4) return feature;
  if (kind === 'vector') {
    const vector = feature.shape.length === 4 ? globalAveragePool(feature) : feature;
    if (vector.shape.length === 2) return reshape(vector, [...vector.shape, 1, 1]);
  }
  throw new LimbeckError(
    'SHAPE_MISMATCH',
    `distiller 'classifier-sharing' projects ${kind === 'map' ? 'maps [N, C, H, W]' : 'vectors [N, C]'}; '${tap}' of ${view.role} '${view.id}' is ${formatShape(feature.shape)}`,
    {
      hint:
        kind === 'map'
          ? "tap a map before the pooling, or set feature: 'vector'"
          : "tap 'embedding' or a map",
    },
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
 * two projectors by default, as many more as asked for, each with a draw of its own, and the ways to integrate them
 * before the one loss; the depthwise and the vector form; the student's map is the one after its last stage, as in SimKD,
 * and not what later layers make of it; an optional cross-entropy is that of the prediction through the teacher's
 * classifier.
 */
export default defineDistiller({
  id: 'classifier-sharing',
  description:
    "integrated projectors lead the student's map to the teacher's own classifier, which is deployed with it",
  cite: 'doi:10.1007/s40747-024-01394-3',
  options,
  build({ student, teacher, options: chosen, m }) {
    const { projectors, reduction, depthwise, feature } = chosen;
    const onMaps = feature === 'map';
    const { tap = onMaps ? lastStageOf(student) : 'embedding' } = chosen;
    const { teacherTap = onMaps ? 'last-map' : 'embedding' } = chosen;
    const [s, target] = matchSpatial(
      featureOf(student, tap, feature),
      featureOf(teacher, teacherTap, feature),
    );
    const projections = parallelBottlenecks(m.in('projectors'), s, projectors, {
      out: target.shape[1]!,
      reduction,
      depthwise,
      kernel: onMaps ? 3 : 1,
    });
    const projected = integrate(m.in('integration'), projections, chosen.integration);
    return {
      losses: { feature: { weight: chosen.weight, value: meanSquaredError(projected, target) } },
      taskWeight: chosen.taskWeight,
      predict: teacher.classify(globalAveragePool(projected)),
    };
  },
});
