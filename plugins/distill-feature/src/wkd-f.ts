import { defineDistiller } from '@limbeck/core';
import { add, concat, mean, mul, reshape, slice, sqrt, square, sub, sum, type Tensor } from '@limbeck/graph';
import { z } from 'zod';
import { bottleneckRegressor, convRegressor } from './conv-regressor.js';
import { lastMapOptions, lastMaps } from './map-pairs.js';

/** How a map is modelled as one Gaussian a window. */
export interface GaussianOptions {
  /** Windows a side; each has a Gaussian of its own. */
  readonly grid: number;
  /** Added to variances. */
  readonly epsilon: number;
}

/** Mean and deviation of each channel in each window of a grid: map [N, C, H, W] -> [N, C, grid, grid] twice. */
function gaussians(map: Tensor, { grid, epsilon }: GaussianOptions): { means: Tensor; deviations: Tensor } {
  const [n, c, h, w] = map.shape as [number, number, number, number];
  if (h % grid !== 0 || w % grid !== 0) return overlapping(map, { grid, epsilon });
  const windows = reshape(map, [n, c, grid, h / grid, grid, w / grid]);
  const means = mean(windows, { axis: [3, 5], keepDims: true });
  const count = (h / grid) * (w / grid);
  const squares = sum(square(sub(windows, means)), { axis: [3, 5] });
  // the unbiased variance, as PyTorch's; that of a single position is 0
  const variance = mul(squares, 1 / Math.max(count - 1, 1));
  return { means: reshape(means, [n, c, grid, grid]), deviations: sqrt(add(variance, epsilon)) };
}

/** The same where the grid does not divide the map: windows as PyTorch's `adaptive_avg_pool2d` cuts them. */
function overlapping(map: Tensor, { grid, epsilon }: GaussianOptions): { means: Tensor; deviations: Tensor } {
  const [, , h, w] = map.shape as [number, number, number, number];
  const bounds = (size: number, i: number) => ({
    start: Math.floor((i * size) / grid),
    end: Math.ceil(((i + 1) * size) / grid),
  });
  const windows = Array.from({ length: grid * grid }, (_, at) => {
    const row = slice(map, { axis: 2, ...bounds(h, Math.floor(at / grid)) });
    return gaussians(slice(row, { axis: 3, ...bounds(w, at % grid) }), { grid: 1, epsilon });
  });
  const [n, c] = map.shape as [number, number];
  const joined = (of: (typeof windows)[number][keyof (typeof windows)[number]][]) =>
    reshape(concat(of, { axis: 3 }), [n, c, grid, grid]);
  return {
    means: joined(windows.map(({ means }) => means)),
    deviations: joined(windows.map(({ deviations }) => deviations)),
  };
}

/**
 * Squared 2-Wasserstein distance between Gaussians with diagonal covariances (Lv et al., NeurIPS 2024, eq. 9), in its two
 * parts: squared distances of the channels' means and of their deviations, summed over channels, mean over windows and batch.
 *
 * @param student map [N, C, H, W]
 * @param teacher map [N, C, H', W']
 */
export function gaussianDistances(
  student: Tensor,
  teacher: Tensor,
  options: GaussianOptions,
): { means: Tensor; deviations: Tensor } {
  const [s, t] = [gaussians(student, options), gaussians(teacher, options)];
  const distance = (a: Tensor, b: Tensor) =>
    mul(sum(square(sub(a, b))), 1 / (student.shape[0]! * options.grid ** 2));
  return { means: distance(s.means, t.means), deviations: distance(s.deviations, t.deviations) };
}

/**
 * Wasserstein distance between feature distributions (WKD-F; Lv et al., NeurIPS 2024), of the last map through a
 * convolution, batch norm and ReLU. Defaults as released for resnet32x4 to resnet8x4 on CIFAR-100: weight 0.08, the means
 * four times that (eight beside WKD-L), one window, cross-entropy 1, falling to 0 along a cosine after 150 epochs. ImageNet (ResNet34 to
 * ResNet18): weight 0.02, ratio 2, a bottleneck of 256 channels, a grid of 4, falling from the first epoch on (decay 0).
 */
export default defineDistiller({
  id: 'wkd-f',
  description: "means and deviations of channels follow the teacher's",
  cite: 'arXiv:2412.08139',
  options: z.strictObject({
    weight: z.number().nonnegative().default(0.08).describe('of the term of deviations'),
    ratio: z.number().nonnegative().default(4).describe('weight of the means, in units of the other'),
    grid: z.int().min(1).default(1).describe('windows a side, each a Gaussian of its own'),
    projector: z
      .enum(['conv', 'bottleneck'])
      .default('conv')
      .describe("from the student's map to the teacher's: one convolution, or three"),
    width: z.int().min(1).default(256).describe('channels inside the bottleneck'),
    decay: z
      .number()
      .nonnegative()
      .default(150)
      .describe('epochs after which the weights fall to 0 along a cosine'),
    epsilon: z.number().positive().default(1e-5).describe('added to variances'),
    ...lastMapOptions,
  }),
  build({ student, teacher, options, m }) {
    const { weight, ratio } = options;
    const [s, t] = lastMaps('wkd-f', { student, teacher }, options);
    const at = m.in('regressor');
    const regressed =
      options.projector === 'conv'
        ? convRegressor(at, s, t.shape)
        : bottleneckRegressor(at, s, t.shape, options.width);
    const { means, deviations } = gaussianDistances(regressed, t, options);
    const schedule = { use: 'cosine', start: options.decay };
    return {
      losses: {
        means: { weight: weight * ratio, value: means, schedule },
        deviations: { weight, value: deviations, schedule },
      },
    };
  },
});
