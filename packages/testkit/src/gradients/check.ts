import { LimbeckError } from '@limbeck/core';
import {
  evaluate,
  Graph,
  gradients,
  inlineComposites,
  isFloat,
  program,
  type ReferenceValue,
  type SampleInput,
  type Tensor,
  toReference,
} from '@limbeck/graph';
import { describeDeviation, deviationOf } from '../deviation.js';
import { fillSampleInput } from '../samples/fill.js';
import { cotangent, cotangentName, sampleInputName, weightedSum } from '../samples/program.js';
import { centralDifferences } from './numeric.js';

/** Step and tolerance of a gradient check. */
export interface GradientCheckOptions {
  /** Largest difference relative to the root mean square of the numeric gradient. Default 1e-6. */
  readonly tolerance?: number;
  /** Step of the central differences. Default 1e-5. */
  readonly step?: number;
  /** Names the pattern that fills the inputs. Default `gradient`. */
  readonly seed?: string;
}

/** Largest deviation of the gradient for one input. */
export interface GradientReport {
  /** Position among the inputs. */
  readonly input: number;
  readonly relative: number;
}

/** Gradients whose root mean square is below this are compared with zero, absolutely. */
const floor = 1e-3;

/**
 * Checks the gradients of a function of tensors against central differences, in float64 on the reference interpreter:
 * of a weighted sum of its result, for every float input that is not marked otherwise.
 *
 * @example
 * checkGradients((student, teacher) => similarityPreserving(student, teacher), [{ shape: [4, 6] }, { shape: [4, 8] }]);
 *
 * @returns the deviation for each input checked
 * @throws LimbeckError `VERIFY_FAILED` naming the input and the element that is furthest off
 */
export function checkGradients(
  build: (...inputs: Tensor[]) => Tensor,
  inputs: readonly SampleInput[],
  { tolerance = 1e-6, step = 1e-5, seed = 'gradient' }: GradientCheckOptions = {},
): GradientReport[] {
  const graph = new Graph();
  const x = inputs.map(({ shape, dtype }, i) => graph.input(sampleInputName(i), shape, dtype));
  const y = build(...x);
  const wrt = inputs.flatMap(({ differentiable = true }, i) =>
    differentiable && isFloat(x[i]!.dtype) && isFloat(y.dtype) ? [i] : [],
  );
  if (wrt.length === 0) return [];
  const loss = weightedSum(y);
  const forward = inlineComposites(program({ name: 'forward', outputs: { loss } }));
  const backward = program({
    name: 'gradient',
    outputs: new Map(
      gradients(
        loss,
        wrt.map((i) => x[i]!),
      ).map((d, k) => [`${wrt[k]}`, d]),
    ),
  });
  const feeds = new Map<string, ReferenceValue>([[cotangentName, toReference(cotangent(y))]]);
  inputs.forEach((input, i) => {
    feeds.set(sampleInputName(i), toReference(fillSampleInput(input, seed, sampleInputName(i))));
  });
  const analytic = evaluate(backward, feeds).outputs;
  return wrt.map((i) => {
    const name = sampleInputName(i);
    const value = feeds.get(name)!;
    const scalar = (data: Float64Array): number => {
      const moved = new Map(feeds).set(name, { ...value, data });
      return evaluate(forward, moved).outputs.get('loss')!.data[0]!;
    };
    const numeric = centralDifferences(scalar, value.data, step);
    const deviation = deviationOf(analytic.get(`${i}`)!.data, numeric, floor);
    if (!(deviation.relative <= tolerance)) {
      throw new LimbeckError(
        'VERIFY_FAILED',
        `the gradient for input ${i} differs from central differences: ${describeDeviation(deviation, tolerance)}`,
        { hint: 'a kink within one step of an input gives a false alarm: choose other values for it' },
      );
    }
    return { input: i, relative: deviation.relative };
  });
}
