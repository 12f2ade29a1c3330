import { defineProjector } from '@limbeck/core';
import {
  abs,
  matmul,
  maximum,
  mul,
  reciprocal,
  reduceMax,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import { orthogonal } from '@limbeck/nn';
import { z } from 'zod';
import { requireVectors } from './vectors.js';

/** Least size of a weight matrix that has a direction. */
const smallest = 1e-30;

/**
 * The nearest matrix with orthonormal rows, or columns where those are fewer: the polar factor, by a fixed number of
 * Newton-Schulz steps X <- 1.5 X - 0.5 X X^T X (Bjoerck and Bowie, 1971), all of them part of the graph.
 *
 * The steps begin below a bound of the largest singular value, so that they always converge; sixteen reach 1e-5 as long
 * as no singular value is below about a twentieth of the others. The bound does not change the result, and so gets no
 * gradient.
 *
 * @param weight [rows, columns], not all zero
 */
export function orthonormalized(weight: Tensor, steps: number): Tensor {
  const wide = weight.shape[0]! <= weight.shape[1]!;
  const gram = (x: Tensor) => matmul(x, x, wide ? { transposeB: true } : { transposeA: true });
  const scaledBy = (x: Tensor, bound: Tensor) => mul(x, stopGradient(reciprocal(maximum(bound, smallest))));
  const unit = scaledBy(weight, reduceMax(abs(weight)));
  let x = scaledBy(unit, sqrt(sqrt(sum(square(gram(unit))))));
  for (let step = 0; step < steps; step++) {
    const cubed = wide ? matmul(gram(x), x) : matmul(x, gram(x));
    x = sub(mul(x, 1.5), mul(cubed, 0.5));
  }
  return x;
}

/**
 * A linear layer without offset whose rows, or columns where those are fewer, stay orthonormal throughout training
 * (Miles et al., CVPR 2024, section 3.2): distances survive it, so it can only turn the student's features, not reshape them.
 * The parametrisation is ours: the released code uses PyTorch's, by Householder products.
 */
export default defineProjector({
  id: 'orthogonal',
  description: 'one fully connected layer with orthonormal weights',
  options: z.strictObject({
    steps: z.int().min(1).max(64).default(16).describe('Newton-Schulz steps towards orthonormal weights'),
  }),
  project(m, x, target, { steps }) {
    const width = requireVectors('orthogonal', x, target);
    return m.block('linear', (at) => {
      const weight = at.parameter('weight', [width, x.shape.at(-1)!], orthogonal);
      return matmul(x, orthonormalized(weight, steps), { transposeB: true });
    });
  },
});
