import { defineDistiller } from '@limbeck/core';
import {
  abs,
  flatten,
  l2Normalize,
  matchSpatial,
  maximum,
  mean,
  mul,
  square,
  stopGradient,
  sub,
  type Tensor,
} from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { z } from 'zod';
import { hintLoss } from './fitnet.js';
import { initialOptions } from './initial-options.js';
import { lastMapOptions, lastMaps } from './map-pairs.js';
import { transposedConv } from './transposed-conv.js';

/** Least norm of a factor, so that dead maps give zeros. */
const epsilon = 1e-12;

const leaky = (x: Tensor): Tensor => maximum(x, mul(x, 0.1));

/** Three 3x3 convolutions, each with a leaky ReLU: map [N, C, H, W] -> factor [N, out, H, W]. Names as RepDistiller's. */
function encoder(m: Scope, map: Tensor, out: number, normalize: boolean): Tensor {
  return [map.shape[1]!, out, out].reduce((x, width, i) => {
    const y = m.conv(3 * i, x, { out: width, kernel: 3, padding: 1, bias: true });
    return leaky(normalize ? m.batchNorm(3 * i + 1, y) : y);
  }, map);
}

/** Three transposed 3x3 convolutions, each with a leaky ReLU: factor [N, C, H, W] -> map [N, out, H, W]. */
function decoder(m: Scope, factor: Tensor, out: number): Tensor {
  return [factor.shape[1]!, out, out].reduce((x, width, i) => {
    const options = { out: width, kernel: 3, stride: 1, padding: 1 };
    return leaky(m.block(3 * i, (at) => transposedConv(at, x, options)));
  }, factor);
}

/**
 * A paraphraser of the teacher's map (Kim et al., NeurIPS 2018, section 3.1): its factor, and the map made again from it.
 *
 * @param map [N, C, H, W]
 * @param width channels of the factor
 */
export function paraphrase(m: Scope, map: Tensor, width: number): { factor: Tensor; reconstruction: Tensor } {
  const factor = encoder(m.in('encoder'), map, width, false);
  return { factor, reconstruction: decoder(m.in('decoder'), factor, map.shape[1]!) };
}

/** A translator of the student's map (section 3.2): the paraphraser's first half with batch norm, [N, C, H, W] -> [N, width, H, W]. */
export const translate = (m: Scope, map: Tensor, width: number): Tensor =>
  encoder(m.in('encoder'), map, width, true);

/**
 * Absolute distance of two factors, mean over batch and positions (eq. 4 and 5 as RepDistiller has it): of each the mean over
 * channels of squares, normalised to length 1.
 *
 * @param student factor [N, C, H, W]
 * @param teacher factor [N, C', H', W']; the larger of the two is pooled to the smaller first
 */
export function factorDistance(student: Tensor, teacher: Tensor): Tensor {
  const [s, t] = matchSpatial(student, teacher).map((factor) =>
    l2Normalize(flatten(mean(square(factor), { axis: 1 })), { epsilon }),
  ) as [Tensor, Tensor];
  return mean(abs(sub(s, t)));
}

/** RepDistiller's rate of the initial phase for its ResNets and wide ResNets; undefined for the run's. */
const usualRate = (student: string): number | undefined =>
  /^(resnet\d|wrn_)/.test(student) ? 0.01 : undefined;

/**
 * Factor transfer (Kim et al., NeurIPS 2018): a paraphraser first learns to make the teacher's map from fewer channels; then
 * it stays as it is, and a translator on the student's map meets its factor. Defaults as in RepDistiller: the last stage, half the channels,
 * 30 epochs at a learning rate of 0.01 (students `resnet*` and `wrn_*`; the run's for others, VGG among them), then weight 200 beside a
 * cross-entropy of 1. Both are dropped at inference.
 */
export default defineDistiller({
  id: 'ft',
  description: "a translation of the last map meets a paraphrase of the teacher's, which is learnt first",
  cite: 'arXiv:1802.04977',
  options: z.strictObject({
    weight: z.number().nonnegative().default(200).describe('of the factor term'),
    rate: z
      .number()
      .positive()
      .max(1)
      .default(0.5)
      .describe("channels of a factor, as a share of the teacher's"),
    initialEpochs: initialOptions.initialEpochs,
    initialLr: z
      .number()
      .positive()
      .optional()
      .describe("learning rate of the initial phase; default 0.01 for `resnet*` and `wrn_*`, else the run's"),
    ...lastMapOptions,
  }),
  build({ student, teacher, options, m }) {
    const { weight, rate, initialEpochs: epochs, initialLr = usualRate(student.id) } = options;
    const [ours, theirs] = lastMaps('ft', { student, teacher }, options);
    const width = Math.max(1, Math.floor(rate * theirs.shape[1]!));
    const { factor, reconstruction } = paraphrase(m.in('paraphraser'), theirs, width);
    const translated = translate(m.in('translator'), ours, width);
    return {
      losses: { factor: { weight, value: factorDistance(translated, stopGradient(factor)) } },
      initial: {
        epochs,
        losses: { reconstruction: { weight: 1, value: hintLoss(reconstruction, theirs) } },
        trains: 'extras',
        lr: initialLr,
      },
    };
  },
});
