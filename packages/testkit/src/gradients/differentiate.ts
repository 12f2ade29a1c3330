import {
  evaluate,
  Graph,
  gradients,
  type InterpreterPrecision,
  isFloat,
  program,
  type SampleInput,
  type Tensor,
  toReference,
} from '@limbeck/graph';
import { fillSampleInput } from '../samples/fill.js';
import { sampleInputName } from '../samples/program.js';

/** A scalar function at one point. */
export interface Differentiated {
  readonly value: number;
  /** For each input in order; zeros where it has no influence or is no float. */
  readonly gradients: readonly Float64Array[];
  /** What the inputs were filled with. */
  readonly inputs: readonly Float64Array[];
}

/**
 * Value and gradients of a scalar function of tensors, on the reference interpreter.
 *
 * @param precision default `float64`; `float32` rounds after every operation, as backends do
 *
 * @example
 * const { value, gradients } = differentiate(similarityDistance, [{ shape: [4, 6] }, { shape: [4, 8] }]);
 */
export function differentiate(
  build: (...inputs: Tensor[]) => Tensor,
  inputs: readonly SampleInput[],
  { precision = 'float64', seed = 'gradient' }: { precision?: InterpreterPrecision; seed?: string } = {},
): Differentiated {
  const graph = new Graph();
  const x = inputs.map(({ shape, dtype }, i) => graph.input(sampleInputName(i), shape, dtype));
  const filled = inputs.map((input, i) => toReference(fillSampleInput(input, seed, sampleInputName(i))));
  const value = build(...x);
  const floats = x.filter(({ dtype }) => isFloat(dtype));
  const derivatives = new Map(gradients(value, floats).map((d, i) => [`d${x.indexOf(floats[i]!)}`, d]));
  const target = program({ name: 'f', outputs: new Map([['value', value], ...derivatives]) });
  const feeds = new Map(filled.map((data, i) => [sampleInputName(i), data]));
  const { outputs } = evaluate(target, feeds, new Map(), { precision });
  return {
    value: outputs.get('value')!.data[0]!,
    gradients: x.map((_, i) => outputs.get(`d${i}`)?.data ?? new Float64Array(filled[i]!.data.length)),
    inputs: filled.map(({ data }) => data),
  };
}
