import {
  type CompositeOperation,
  Graph,
  gradients,
  isFloat,
  mul,
  type PrimitiveOperation,
  type Program,
  program,
  type Sample,
  sum,
  type Tensor,
  type TensorData,
} from '@limbeck/graph';
import { patternFill } from '../golden/pattern.js';
import { fillSampleInput } from './fill.js';

/** An operation that brings samples with it. */
export type SampledOperation = PrimitiveOperation | CompositeOperation;

/** A program and what to feed it. */
export interface SampleCase {
  readonly program: Program;
  readonly inputs: ReadonlyMap<string, TensorData>;
}

/** Input `i` of a sample is called this in its programs. */
export const sampleInputName = (i: number): string => `x${i}`;

/** One of an operation's samples. */
export function sampleOf(operation: SampledOperation, index: number): Sample {
  const sample = operation.samples[index];
  if (sample === undefined) throw new RangeError(`'${operation.name}' has no sample ${index}`);
  return sample;
}

/** The operation applied to inputs of one of its samples, in a graph of its own. */
export function buildSample(operation: SampledOperation, index: number): { x: Tensor[]; y: Tensor } {
  const graph = new Graph();
  const { inputs, attributes = {} } = sampleOf(operation, index);
  const x = inputs.map(({ shape, dtype }, i) => graph.input(sampleInputName(i), shape, dtype));
  return { x, y: graph.node(operation, x, attributes as never) };
}

/** The inputs of a sample, filled; the same numbers every time. */
export function fillSample(operation: SampledOperation, index: number): Map<string, TensorData> {
  const seed = `${operation.name}/${index}`;
  return new Map(
    sampleOf(operation, index).inputs.map((input, i) => {
      const name = sampleInputName(i);
      return [name, fillSampleInput(input, seed, name)];
    }),
  );
}

/** A program with the single output `y`: the operation applied to a sample. */
export function sampleProgram(operation: SampledOperation, index: number): SampleCase {
  const { x, y } = buildSample(operation, index);
  return {
    program: program({ name: `${operation.name}/${index}`, outputs: { y }, inputs: x }),
    inputs: fillSample(operation, index),
  };
}

/** Inputs of a sample that a gradient can be taken for: floats not marked otherwise, of a result that is float too. */
export function differentiableInputs(operation: SampledOperation, index: number): number[] {
  const { x, y } = buildSample(operation, index);
  const { inputs } = sampleOf(operation, index);
  if (!isFloat(y.dtype)) return [];
  return inputs.flatMap(({ differentiable = true }, i) =>
    differentiable && isFloat(x[i]!.dtype) ? [i] : [],
  );
}

/** Name of the input that holds the weights of the scalar a gradient is taken of. */
export const cotangentName = 'cotangent';

/** sum(y * cotangent): a scalar whose gradient tells every element of y apart. */
export const weightedSum = (y: Tensor): Tensor => sum(mul(y, y.graph.input(cotangentName, y.shape, y.dtype)));

/** Fixed weights for {@link weightedSum}. */
export const cotangent = (y: Tensor): TensorData => patternFill('limbeck', cotangentName, y.shape);

/**
 * A program whose outputs `d0`, `d1`, ... are the gradients of a sample for its differentiable inputs, of the result's
 * {@link weightedSum}; undefined where the sample has none.
 *
 * @param view what to differentiate instead of the node itself, e.g. its decomposition
 */
export function gradientProgram(
  operation: SampledOperation,
  index: number,
  view: (y: Tensor) => Tensor = (y) => y,
): SampleCase | undefined {
  const wrt = differentiableInputs(operation, index);
  if (wrt.length === 0) return undefined;
  const { x, y } = buildSample(operation, index);
  const loss = weightedSum(view(y));
  const results = gradients(
    loss,
    wrt.map((i) => x[i]!),
  );
  const outputs = new Map(results.map((gradient, k) => [`d${wrt[k]}`, gradient]));
  const inputs = [...x, y.graph.input(cotangentName, y.shape, y.dtype)];
  return {
    program: program({ name: `${operation.name}/${index}/gradient`, outputs, inputs }),
    inputs: fillSample(operation, index).set(cotangentName, cotangent(y)),
  };
}
