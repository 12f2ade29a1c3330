import { LimbeckError } from '@limbeck/core';
import type { OnnxModel } from '@limbeck/formats';
import { findRanges } from './find-ranges.js';
import { type Levels, levelsOf } from './levels.js';
import type { ObserveOptions } from './observe.js';
import { planQuantization } from './plan.js';
import { rewrite } from './rewrite.js';
import { findWeightBits } from './weight-bits.js';

/**
 * A model in int8: unsigned activations with a zero point for each value, signed weights with a scale for each output
 * channel, 32-bit biases.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where nothing of it can be computed in int8; as {@link findRanges}
 */
export async function quantize(model: OnnxModel, options: ObserveOptions): Promise<OnnxModel> {
  const plan = planQuantization(model, options.calibration);
  if (plan.nodes.size === 0) {
    const { name } = model.graph;
    throw new LimbeckError('BACKEND_UNSUPPORTED', `nothing of '${name}' would be computed in int8`, {
      hint: "use precision 'float32': only convolutions after the first one gain",
    });
  }
  const ranges = await findRanges(model, plan.observed, options);
  const levels = new Map<string, Levels>([...ranges].map(([value, range]) => [value, levelsOf(range)]));
  for (const [value, other] of plan.sharing) levels.set(value, levels.get(other)!);
  return rewrite(model, { plan, levels, bits: await findWeightBits(options.runtime) });
}
