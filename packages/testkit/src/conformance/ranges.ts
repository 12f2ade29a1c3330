import { batchNorm, Graph, program, type TensorData, tensorData } from '@limbeck/graph';
import type { CaseDefinition } from './case.js';
import { compareWithReference } from './operations.js';

const vector = (...values: number[]): TensorData =>
  tensorData('float32', [values.length], Float32Array.from(values));

/** Results in the middle of the range, where a kernel that multiplies in another order overflows on the way. */
export const rangeCases: readonly CaseDefinition[] = [
  {
    name: 'ranges/a batch norm divides before it scales',
    check: (context) => {
      const inputs = new Map([
        ['x', tensorData('float32', [1, 2, 1, 2], Float32Array.of(3e38, 1, -3e38, 2e30))],
        ['mean', vector(0, 1)],
        ['variance', vector(Number.POSITIVE_INFINITY, 1e36)],
        ['scale', vector(2, 100)],
        ['bias', vector(-1.5, 0)],
      ]);
      const graph = new Graph();
      const [x, mean, variance, scale, bias] = [...inputs].map(([name, { shape }]) =>
        graph.input(name, shape),
      );
      const y = batchNorm(x!, mean!, variance!, scale!, bias!, { epsilon: 1e-5 });
      return compareWithReference({ program: program({ name: 'ranges', outputs: { y } }), inputs }, context);
    },
  },
];
