import { LimbeckError } from '@limbeck/core';
import { attr, type OnnxModel, type OnnxNode } from '@limbeck/formats';
import type { Range } from './levels.js';
import { type BatchRun, runBatches } from './run-batches.js';

/** What is known of a value after a first pass over the batches. */
export interface Extremes extends Range {
  /** Bytes of the value for one batch. */
  readonly bytes: number;
}

const bytesOfFloat = 4;

/**
 * Smallest and largest value, found by the model itself, so that no map leaves it.
 *
 * @throws LimbeckError NON_FINITE naming the value that is not a number
 */
export async function findExtremes(
  model: OnnxModel,
  values: readonly string[],
  options: BatchRun,
): Promise<ReadonlyMap<string, Extremes>> {
  // the runtime begins with what stands last: from the first value on, each can be let go before the next is computed
  const reductions = values
    .flatMap((value) => reductionTypes.map((opType) => reduction(opType, value)))
    .reverse();
  const observed = {
    ...model,
    graph: {
      ...model.graph,
      nodes: [...model.graph.nodes, ...reductions],
      outputs: reductions.map(
        ({ name, opType }) => ({ name, dtype: opType === 'Size' ? 'int64' : 'float32', shape: [] }) as const,
      ),
    },
  };
  const found = new Map<string, Extremes>();
  await runBatches(observed, options, (results) => {
    for (const value of values) {
      const [least, most, size] = reductionTypes.map((opType) =>
        Number(results[nameOf(opType, value)]!.data[0]),
      ) as [number, number, number];
      if (!Number.isFinite(least) || !Number.isFinite(most)) throw nonFinite(model.graph.name, value);
      const { min, max } = found.get(value) ?? { min: least, max: most };
      const bytes = size * bytesOfFloat;
      found.set(value, { min: Math.min(min, least), max: Math.max(max, most), bytes });
    }
  });
  return found;
}

const reductionTypes = ['ReduceMin', 'ReduceMax', 'Size'] as const;

const nameOf = (opType: string, value: string): string => `${value}/${opType}`;

const reduction = (opType: (typeof reductionTypes)[number], value: string): OnnxNode => ({
  opType,
  name: nameOf(opType, value),
  inputs: [value],
  outputs: [nameOf(opType, value)],
  attributes: opType === 'Size' ? {} : { keepdims: attr.int(0) },
});

const nonFinite = (name: string, value: string): LimbeckError =>
  new LimbeckError('NON_FINITE', `'${name}' cannot be calibrated: ${value} is not finite`, {
    hint: 'are its weights and the normalisation of the images sound?',
    details: { program: name, value },
  });
