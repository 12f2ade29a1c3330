import {
  abs,
  argMax,
  div,
  less,
  matmul,
  maximum,
  mul,
  oneHot,
  reduceMax,
  reshape,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tensorData,
  where,
} from '@limbeck/graph';

/** Least size of a matrix whose directions are told from rounding. */
const smallest = 1e-12;

/** Matrices [N, W, W] over their largest element; zero ones stay zero. The scale cancels, so it gets no gradient. */
function scaled(matrices: Tensor): Tensor {
  const largest = reduceMax(abs(matrices), { axis: [1, 2], keepDims: true });
  return div(matrices, stopGradient(maximum(largest, smallest)));
}

/** The numbers from 0 to `count`, int32. */
const range = ({ graph }: Tensor, count: number): Tensor =>
  graph.constant(
    tensorData(
      'int32',
      [count],
      Int32Array.from({ length: count }, (_, i) => i),
    ),
  );

/**
 * The eigenvectors of symmetric, positive matrices [N, W, W] with the largest eigenvalues, of length 1, as [N, W, 1] each, by
 * squaring and deflation: a matrix squared a dozen times is its leading projection. All of it is part of the graph. Where
 * eigenvalues are closer than one part in a thousand their vectors mix; matrices of zero give vectors of zero.
 *
 * @param count of vectors, at most W
 * @param squarings 2^squarings is the power the matrices are raised to
 */
export function leadingVectors(matrices: Tensor, count: number, squarings: number): Tensor[] {
  const [batch, width] = matrices.shape as [number, number, number];
  const identity = reshape(oneHot(range(matrices, width), width), [1, width, width]);
  let rest = scaled(matrices);
  return Array.from({ length: count }, () => {
    let power = rest;
    for (let i = 0; i < squarings; i++) power = scaled(matmul(power, power));
    // the column of the largest diagonal element is furthest from being at right angles to the vector
    const diagonal = sum(mul(power, identity), { axis: 2 });
    const chosen = reshape(oneHot(argMax(diagonal), width), [batch, width, 1]);
    const column = matmul(power, chosen);
    const squares = sum(square(column), { axis: 1, keepDims: true });
    const none = less(squares, smallest);
    const vector = where(none, 0, div(column, sqrt(where(none, 1, squares))));
    const value = matmul(matmul(vector, rest, { transposeA: true }), vector);
    rest = sub(rest, mul(value, matmul(vector, vector, { transposeB: true })));
    return vector;
  });
}
