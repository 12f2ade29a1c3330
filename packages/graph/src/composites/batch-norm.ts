import { composite } from '../operation.js';
import { add, mul, sub } from '../ops/binary.js';
import { mean, sum } from '../ops/reduce.js';
import { reshape } from '../ops/shape.js';
import { neg, reciprocal, sqrt } from '../ops/unary.js';
import type { Tensor } from '../tensor.js';

/** `epsilon` is added to the variance before its square root; PyTorch's default is 1e-5. */
export type BatchNormAttributes = { readonly epsilon: number };

const channels = [0, 2, 3];

/** A per-channel vector [C] as [C, 1, 1], to meet a map [N, C, H, W]. */
const perChannel = (v: Tensor): Tensor => reshape(v, [v.shape[0]!, 1, 1]);

/** Elements of one channel over the whole batch. */
const count = (x: Tensor): number => x.shape[0]! * x.shape[2]! * x.shape[3]!;

/** Sum over batch and positions: map [N, C, H, W] -> [C]. */
export const channelSum = composite<'channelSum', [x: Tensor]>(
  'channelSum',
  (x) => sum(x, { axis: channels }),
  {
    samples: [{ inputs: [{ shape: [2, 3, 4, 4] }] }],
  },
);

/** Sum of products over batch and positions: maps [N, C, H, W] twice -> [C]. */
export const channelDot = composite<'channelDot', [a: Tensor, b: Tensor]>(
  'channelDot',
  (a, b) => sum(mul(a, b), { axis: channels }),
  { samples: [{ inputs: [{ shape: [2, 3, 4, 4] }, { shape: [2, 3, 4, 4] }] }] },
);

/** Mean over batch and positions: map [N, C, H, W] -> [C]. */
export const channelMean = composite<'channelMean', [x: Tensor]>(
  'channelMean',
  (x) => mean(x, { axis: channels }),
  {
    samples: [{ inputs: [{ shape: [2, 3, 4, 4] }] }],
  },
);

/** Variance over batch and positions, divided by the number of elements: map [N, C, H, W] -> [C]. */
export const channelVariance = composite<'channelVariance', [x: Tensor]>(
  'channelVariance',
  (x) => {
    const centred = sub(x, perChannel(channelMean(x)));
    return mean(mul(centred, centred), { axis: channels });
  },
  { samples: [{ inputs: [{ shape: [2, 3, 4, 4], from: -1, to: 2 }] }] },
);

/** Map [N, C, H, W] times a per-channel factor [C] plus a per-channel offset [C]. */
export const channelAffine = composite<'channelAffine', [x: Tensor, factor: Tensor, offset: Tensor]>(
  'channelAffine',
  (x, factor, offset) => add(mul(x, perChannel(factor)), perChannel(offset)),
  { samples: [{ inputs: [{ shape: [2, 3, 2, 2] }, { shape: [3] }, { shape: [3] }] }] },
);

type Statistics = [x: Tensor, mean: Tensor, variance: Tensor, scale: Tensor, bias: Tensor];

/**
 * Batch normalisation with given statistics: x [N, C, H, W]; mean, variance, scale, bias [C].
 * Ioffe and Szegedy, 2015, algorithm 2.
 */
export const batchNorm = composite<'batchNorm', Statistics, BatchNormAttributes>(
  'batchNorm',
  (x, average, variance, scale, bias, { epsilon }) => {
    const factor = mul(scale, reciprocal(sqrt(add(variance, epsilon))));
    return channelAffine(x, factor, sub(bias, mul(average, factor)));
  },
  {
    samples: [
      {
        inputs: [
          { shape: [2, 3, 4, 4] },
          { shape: [3] },
          { shape: [3], from: 0.5, to: 2 },
          { shape: [3] },
          { shape: [3] },
        ],
        attributes: { epsilon: 1e-5 },
      },
    ],
  },
);

/**
 * Batch normalisation with the batch's own statistics: x [N, C, H, W]; scale, bias [C].
 * Ioffe and Szegedy, 2015, algorithm 1.
 */
export const batchNormTraining = composite<
  'batchNormTraining',
  [x: Tensor, scale: Tensor, bias: Tensor],
  BatchNormAttributes
>(
  'batchNormTraining',
  (x, scale, bias, attributes) => batchNorm(x, channelMean(x), channelVariance(x), scale, bias, attributes),
  {
    grad: (dy, [x, scale], _, attributes) => {
      const dscale = batchNormScaleGradient(dy, x!, attributes);
      return [batchNormInputGradient(dy, x!, scale!, attributes), dscale, channelSum(dy)];
    },
    samples: [
      {
        inputs: [
          { shape: [3, 2, 4, 4], from: -1, to: 2 },
          { shape: [2], from: 0.5, to: 1.5 },
          { shape: [2] },
        ],
        attributes: { epsilon: 1e-5 },
      },
    ],
  },
);

const inverseDeviation = (x: Tensor, epsilon: number): Tensor =>
  reciprocal(sqrt(add(channelVariance(x), epsilon)));

/** Gradient of {@link batchNormTraining} for the scale: dy and x [N, C, H, W] -> [C]. */
export const batchNormScaleGradient = composite<
  'batchNormScaleGradient',
  [dy: Tensor, x: Tensor],
  BatchNormAttributes
>(
  'batchNormScaleGradient',
  (dy, x, { epsilon }) =>
    mul(sub(channelDot(dy, x), mul(channelMean(x), channelSum(dy))), inverseDeviation(x, epsilon)),
  {
    samples: [
      {
        inputs: [{ shape: [3, 2, 4, 4] }, { shape: [3, 2, 4, 4], from: -1, to: 2 }],
        attributes: { epsilon: 1e-5 },
      },
    ],
  },
);

/**
 * Gradient of {@link batchNormTraining} for its input: dy and x [N, C, H, W], scale [C] -> [N, C, H, W].
 * Written as one per-channel affine combination of dy and x, so that each is read once.
 */
export const batchNormInputGradient = composite<
  'batchNormInputGradient',
  [dy: Tensor, x: Tensor, scale: Tensor],
  BatchNormAttributes
>(
  'batchNormInputGradient',
  (dy, x, scale, { epsilon }) => {
    const inverse = inverseDeviation(x, epsilon);
    const dscale = mul(batchNormScaleGradient(dy, x, { epsilon }), 1 / count(x));
    const dbias = mul(channelSum(dy), 1 / count(x));
    const ofDy = mul(scale, inverse);
    const ofX = mul(mul(ofDy, inverse), dscale);
    const offset = sub(mul(ofX, channelMean(x)), mul(ofDy, dbias));
    return add(mul(dy, perChannel(ofDy)), channelAffine(x, neg(ofX), offset));
  },
  {
    samples: [
      {
        inputs: [
          { shape: [3, 2, 4, 4] },
          { shape: [3, 2, 4, 4], from: -1, to: 2 },
          { shape: [2], from: 0.5, to: 1.5 },
        ],
        attributes: { epsilon: 1e-5 },
      },
    ],
  },
);
