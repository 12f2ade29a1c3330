import {
  Graph,
  gradients,
  less,
  log,
  program,
  relu,
  sqrt,
  sum,
  type Tensor,
  type TensorData,
  tensorData,
  where,
} from '@limbeck/graph';
import type { CaseDefinition } from './case.js';
import { compareWithReference } from './operations.js';

const floats = (...values: number[]): TensorData =>
  tensorData('float32', [values.length], Float32Array.from(values));

/** A function of inputs named x0, x1, ... */
const look = (
  name: string,
  build: (...inputs: Tensor[]) => Tensor,
  ...inputs: readonly TensorData[]
): CaseDefinition => ({
  name: `look-alikes/${name}`,
  check: (context) => {
    const graph = new Graph();
    const x = inputs.map(({ shape, dtype }, i) => graph.input(`x${i}`, shape, dtype));
    const target = program({ name: 'look-alike', outputs: { y: build(...x) }, inputs: x });
    return compareWithReference(
      { program: target, inputs: new Map(inputs.map((data, i) => [`x${i}`, data])) },
      context,
    );
  },
});

/**
 * What looks like an idiom that a backend may write in a faster way, such as the gradient of a ReLU, where that way would
 * give something else.
 */
export const lookAlikeCases: readonly CaseDefinition[] = [
  look(
    'a choice keeps the branch it does not take out',
    (x) => where(less(0, x!), log(x!), 0),
    floats(0, 1, 2, -1),
  ),
  look(
    'a choice by integers',
    (x, y) => where(less(0, x!), y!, 0),
    tensorData('int32', [3], Int32Array.of(-1, 0, 2)),
    floats(Number.NaN, Number.POSITIVE_INFINITY, 3),
  ),
  look(
    'a choice of integers',
    (x, y) => where(less(0, x!), y!, 0),
    floats(-1, 0, 2),
    tensorData('int32', [3], Int32Array.of(5, 6, 7)),
  ),
  look(
    'a closed ReLU stops an infinite gradient',
    (x) => gradients(sum(sqrt(relu(x!))), [x!])[0]!,
    floats(-1, 0, 4),
  ),
];
