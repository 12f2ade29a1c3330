import type { Preparation } from '@limbeck/core';

/** How a margin is taken from a channel's responses. */
export type MarginKind = 'normal' | 'measured';

/** Below this share of negative responses the release takes three deviations instead. */
const rare = 0.001;

/**
 * A channel's margin, the expectation of its negative responses, as the release computes it from the scale and offset of a batch
 * norm (`get_margin_from_BN`): as of a normal distribution.
 *
 * @param mean of the channel
 * @param deviation of the channel, not negative
 */
export function normalMargin(mean: number, deviation: number): number {
  if (deviation === 0) return Math.min(mean, 0);
  const z = mean / deviation;
  const share = normalShare(-z);
  if (share <= rare) return -3 * deviation;
  return mean - (deviation * Math.exp(-(z ** 2) / 2)) / Math.sqrt(2 * Math.PI) / share;
}

/**
 * Share of a standard normal distribution below x, to about 1e-15 relative: a series near 0, a continued fraction far from it
 * (Abramowitz and Stegun, 26.2.10 and 26.2.14).
 */
function normalShare(x: number): number {
  const density = Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 4) {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= x ** 2 / (2 * n + 1);
      sum += term;
    }
    return 0.5 + density * sum;
  }
  const far = Math.abs(x);
  let fraction = far;
  for (let n = 60; n > 0; n--) fraction = far + n / fraction;
  const tail = density / fraction;
  return x < 0 ? tail : 1 - tail;
}

/**
 * The margin of every channel of some maps over the training images, before anything is pooled: tensors `0`, `1` ..., [C].
 *
 * @param maps tap of the teacher, channels and positions of each
 */
export const marginsPreparation = (
  maps: readonly { readonly path: string; readonly channels: number; readonly positions: number }[],
  kind: MarginKind,
): Preparation => ({
  name: 'margins',
  parameters: { kind },
  features: Object.fromEntries(maps.map(({ path }, i) => [i, { path }])),
  tensors: Object.fromEntries(maps.map(({ channels }, i) => [i, [channels]])),
  create() {
    const sums = maps.map(({ channels }) => ({
      total: new Float64Array(channels),
      squares: new Float64Array(channels),
      negative: new Float64Array(channels),
      negatives: new Float64Array(channels),
    }));
    let images = 0;
    return {
      add({ features, count }) {
        for (const [i, { channels, positions }] of maps.entries()) {
          const { total, squares, negative, negatives } = sums[i]!;
          const values = features[i]!;
          for (let at = 0; at < count * channels; at++) {
            const channel = at % channels;
            for (let k = at * positions; k < (at + 1) * positions; k++) {
              const value = values[k]!;
              total[channel]! += value;
              squares[channel]! += value * value;
              if (value < 0) {
                negative[channel]! += value;
                negatives[channel]!++;
              }
            }
          }
        }
        images += count;
      },
      finish: () =>
        Object.fromEntries(
          maps.map(({ channels, positions }, i) => {
            const { total, squares, negative, negatives } = sums[i]!;
            const margin = (channel: number) => {
              if (kind === 'measured') return negative[channel]! / Math.max(1, negatives[channel]!);
              const mean = total[channel]! / (images * positions);
              const variance = squares[channel]! / (images * positions) - mean ** 2;
              return normalMargin(mean, Math.sqrt(Math.max(0, variance)));
            };
            return [i, Float32Array.from({ length: channels }, (_, channel) => margin(channel))];
          }),
        ),
    };
  },
});
