import { LimbeckError } from '@limbeck/core';
import {
  evaluate,
  evaluateNode,
  type Program,
  type ReferenceValue,
  sizeOf,
  type TensorData,
  toReference,
  verify,
} from '@limbeck/graph';
import { describeDeviation, deviationOf } from '../deviation.js';
import {
  buildSample,
  gradientProgram,
  type SampledOperation,
  sampleOf,
  sampleProgram,
} from '../samples/program.js';
import { checkGradients, type GradientCheckOptions } from './check.js';

const floor = 1e-3;

/** How far single precision may be from double: rounding, nothing else. */
const float32Tolerance = 1e-4;

/**
 * Checks what an operation declares on all of its samples: its programs are legal, the shape rule agrees with the
 * reference, gradients agree with central differences, single precision stays close to double, and a composite's own
 * gradient agrees with the gradient of its decomposition.
 *
 * @throws LimbeckError `VERIFY_FAILED` naming operation, sample and element; GraphError where a program is not legal
 */
export function checkOperation(operation: SampledOperation, options: GradientCheckOptions = {}): void {
  if (operation.samples.length === 0)
    throw failure(operation, undefined, 'there are no samples to try it with');
  operation.samples.forEach((_, index) => {
    checkForward(operation, index);
    checkBackward(operation, index, options);
  });
}

function checkForward(operation: SampledOperation, index: number): void {
  const { program, inputs } = sampleProgram(operation, index);
  verify(program);
  const { y } = buildSample(operation, index);
  if (operation.kind === 'primitive') {
    const result = evaluateNode(y, [...inputs.values()].map(toReference));
    if (result.data.length !== sizeOf(y.shape)) {
      throw failure(
        operation,
        index,
        `its shape rule promises ${sizeOf(y.shape)} elements, its reference gives ${result.data.length}`,
      );
    }
  }
  compareRuns(
    operation,
    index,
    'single precision',
    run(program, inputs, 'float32'),
    run(program, inputs, 'float64'),
  );
}

function checkBackward(operation: SampledOperation, index: number, options: GradientCheckOptions): void {
  const backward = gradientProgram(operation, index);
  if (backward === undefined) return;
  const { program, inputs } = backward;
  verify(program);
  const exact = run(program, inputs, 'float64');
  compareRuns(operation, index, 'single precision of the gradient', run(program, inputs, 'float32'), exact);
  if (operation.kind === 'composite' && operation.grad !== undefined) {
    const plain = gradientProgram(operation, index, (y) => y.graph.decompositionOf(y))!;
    const expected = run(plain.program, plain.inputs, 'float64');
    compareRuns(operation, index, "the gradient against the decomposition's", exact, expected, 1e-6);
  }
  const { inputs: described, attributes = {} } = sampleOf(operation, index);
  try {
    checkGradients((...x) => x[0]!.graph.node(operation, x, attributes as never), described, {
      seed: `${operation.name}/${index}`,
      ...options,
    });
  } catch (error) {
    throw failure(operation, index, error instanceof Error ? error.message : String(error), error);
  }
}

type Values = ReadonlyMap<string, ReferenceValue>;

function run(
  program: Program,
  inputs: ReadonlyMap<string, TensorData>,
  precision: 'float32' | 'float64',
): Values {
  const feeds = new Map([...inputs].map(([name, tensor]) => [name, toReference(tensor)]));
  return evaluate(program, feeds, new Map(), { precision }).outputs;
}

function compareRuns(
  operation: SampledOperation,
  index: number,
  what: string,
  actual: Values,
  expected: Values,
  tolerance = float32Tolerance,
): void {
  for (const [name, value] of expected) {
    const deviation = deviationOf(actual.get(name)!.data, value.data, floor);
    if (deviation.relative <= tolerance) continue;
    throw failure(operation, index, `${what}, output ${name}: ${describeDeviation(deviation, tolerance)}`);
  }
}

const failure = ({ name }: SampledOperation, index: number | undefined, message: string, cause?: unknown) =>
  new LimbeckError(
    'VERIFY_FAILED',
    `'${name}'${index === undefined ? '' : `, sample ${index}`}: ${message}`,
    { cause },
  );
