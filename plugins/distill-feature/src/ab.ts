import { defineDistiller, lastStageOf, type ModelView } from '@limbeck/core';
import { add, less, mul, relu, sameShape, square, sub, sum, type Tensor, where } from '@limbeck/graph';
import { z } from 'zod';
import { convConnector } from './conv-regressor.js';
import { initialOptions } from './initial-options.js';
import { mapPairs, tapOptions } from './map-pairs.js';
import { preactsOf } from './preacts.js';

/**
 * Alternative loss of activation boundaries (Heo et al., AAAI 2019, eq. 5), squared, summed over a map, mean over the batch:
 * where the teacher's neuron is active the student should exceed the margin, elsewhere stay below minus the margin.
 *
 * @param student map [N, C, H, W], before the activation
 * @param teacher map of the same shape, before the activation
 */
export function boundaryDistance(student: Tensor, teacher: Tensor, margin: number): Tensor {
  const missing = where(less(0, teacher), sub(margin, student), add(student, margin));
  return mul(sum(square(relu(missing))), 1 / student.shape[0]!);
}

/**
 * Taps before the activation. Of a student whose last stage is normalised behind it, as in wide ResNets (`stage3.preact` is
 * `bn1` of the whole), the last one is the stage: its batch norm takes no part in the initial phase.
 */
function boundariesOf(view: ModelView): readonly string[] {
  const taps = preactsOf(view);
  if (view.role === 'teacher' || !/^wrn(_|$)/.test(view.id)) return taps;
  return [...taps.slice(0, -1), lastStageOf(view)];
}

/**
 * Activation boundaries (Heo et al., AAAI 2019): first the student's stages learn for which images the teacher's neurons are
 * active, then the whole student trains with the cross-entropy alone. Defaults as in RepDistiller: every stage before its activation, 30
 * epochs at the run's learning rate, margin 1, 3/1000 of the sum over stages, of which each counts half of the next. A map of
 * another shape than the teacher's goes through a convolution and batch norm, which are of no use afterwards.
 *
 * RepDistiller's initial phase trains stages alone. The last batch norm of a wide ResNet is in none and stays as it was made, which
 * changes nothing: there the student's last map is `stage3` itself, also where `taps` are left out.
 */
export default defineDistiller({
  id: 'ab',
  description: "an initial phase in which neurons learn to be active where the teacher's are",
  cite: 'arXiv:1811.03233',
  options: z.strictObject({
    weight: z.number().positive().default(3e-3).describe('of the sum over stages, in the initial phase'),
    margin: z.number().nonnegative().default(1).describe('by which a boundary is to be cleared'),
    ...initialOptions,
    ...tapOptions,
  }),
  build({ student, teacher, options, m }) {
    const { weight, margin, initialEpochs: epochs, initialLr: lr } = options;
    const pairs = mapPairs('ab', { student, teacher }, options, boundariesOf);
    const distances = pairs.map(([ours, theirs], i) => {
      const at = m.in('connectors').in(i);
      const connected = sameShape(ours.shape, theirs.shape) ? ours : convConnector(at, ours, theirs.shape);
      return mul(boundaryDistance(connected, theirs, margin), 2 ** (i + 1 - pairs.length));
    });
    const value = distances.reduce((a, b) => add(a, b));
    return {
      losses: {},
      initial: {
        epochs,
        losses: { ab: { weight, value } },
        trains: 'all',
        lr,
      },
    };
  },
});
