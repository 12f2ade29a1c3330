import { LimbeckError } from '@limbeck/core';
import type { CalibratedExport, Calibration } from '@limbeck/core/backend';
import { checkFeeds } from '@limbeck/core/backend';
import { encodeOnnx, type OnnxModel, type OnnxNode } from '@limbeck/formats';
import { type Program, signatureOf } from '@limbeck/graph';
import { findRanges } from '../quantization/find-ranges.js';
import { type Levels, levelsOf } from '../quantization/levels.js';
import { planQuantization } from '../quantization/plan.js';
import { rewrite } from '../quantization/rewrite.js';
import { loadRuntime } from '../runtime.js';

/** Of a weight: what the integer kernels of every CPU take without error, those without VNNI too. */
const portableBits = 7;

/**
 * An exported model with the ranges of its activations. Each convolution is a layer; sums and maxima follow those they are
 * made of.
 *
 * @param program the model was lowered from
 * @throws LimbeckError BACKEND_UNSUPPORTED where nothing of it can be computed in int8; as {@link findRanges}
 */
export async function calibrated(
  model: OnnxModel,
  program: Program,
  calibration: Calibration,
): Promise<CalibratedExport> {
  const all = planQuantization(model, calibration);
  const convolutions = [...all.nodes.keys()].filter(({ opType }) => opType === 'Conv');
  if (convolutions.length === 0) {
    throw new LimbeckError('BACKEND_UNSUPPORTED', `nothing of '${program.name}' would be computed in int8`, {
      hint: 'export it in float32 or float16: only convolutions after the first one gain',
    });
  }
  const { inputs } = signatureOf(program);
  const ranges = await findRanges(model, all.observed, {
    runtime: await loadRuntime(),
    session: { name: program.name, device: 'cpu' },
    calibration,
    check: (feeds) => checkFeeds(program.name, inputs, feeds),
    inputName: (name) => name,
  });
  return {
    layers: convolutions.map(layerOf),
    write(float32 = new Set()) {
      const left = new Set(convolutions.filter((node) => float32.has(layerOf(node))));
      const plan = planQuantization(model, calibration, left);
      const levels = new Map<string, Levels>();
      for (const value of plan.observed) levels.set(value, levelsOf(ranges.get(value)!));
      for (const [value, other] of plan.sharing) levels.set(value, levels.get(other)!);
      return encodeOnnx(plan.nodes.size === 0 ? model : rewrite(model, { plan, levels, bits: portableBits }));
    },
  };
}

/** Where a node comes from: its name without operator and number. */
const layerOf = ({ name }: OnnxNode): string => name.replace(/\/[^/]*$/, '');
