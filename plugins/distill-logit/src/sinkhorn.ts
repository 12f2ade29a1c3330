import {
  add,
  div,
  exp,
  log,
  matmul,
  mean,
  mul,
  neg,
  reduceMax,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';

/** Regularisation and iterations of the Sinkhorn algorithm. */
export interface SinkhornOptions {
  /** Weight of the entropy; the smaller, the sharper the plan. */
  readonly regularization: number;
  /** Rounds, all of them part of the graph: gradients flow through each. */
  readonly iterations: number;
}

/**
 * Largest cost, in units of the regularisation, that single precision can stand: beyond it even the squares of a kernel
 * e^(-cost / regularisation) that occur in gradients vanish.
 */
export const largestExponent = 40;

/**
 * Cost of the entropic optimal transport between distributions under one matrix of costs, mean over the batch: the sum of
 * plan times cost, the plan being what a fixed number of Sinkhorn rounds gives (Cuturi, 2013).
 *
 * The potentials are logarithms, shifted by their largest before each product with the kernel, so that no scaling over-
 * or underflows however certain a distribution is; costs above {@link largestExponent} times the regularisation are for
 * the caller to refuse. Plans and kernels of the batch are never formed: two products [N, C] x [C, C] a round.
 *
 * @param logSource logarithms of probabilities [N, C]; the plan meets these exactly
 * @param logTarget logarithms of probabilities [N, C]; met better with every round
 * @param costs [C, C], from source to target, not negative
 * @param start potentials of the source before the first round [N, C]; as low as logSource where that has no mass
 */
export function transportCost(
  logSource: Tensor,
  logTarget: Tensor,
  costs: Tensor,
  start: Tensor,
  { regularization, iterations }: SinkhornOptions,
): Tensor {
  const kernel = exp(neg(mul(costs, 1 / regularization)));
  const scaled = (potential: Tensor) => {
    // the shift cancels, so no gradient needs to flow through it
    const shift = stopGradient(reduceMax(potential, { axis: 1, keepDims: true }));
    return { scaling: exp(sub(potential, shift)), shift };
  };
  let source = start;
  let target = logTarget;
  for (let round = 0; round < iterations; round++) {
    const from = scaled(source);
    target = sub(logTarget, add(log(matmul(from.scaling, kernel)), from.shift));
    const to = scaled(target);
    source = sub(logSource, add(log(matmul(to.scaling, kernel, { transposeB: true })), to.shift));
  }
  const { scaling } = scaled(target);
  const moved = div(
    matmul(scaling, mul(kernel, costs), { transposeB: true }),
    matmul(scaling, kernel, { transposeB: true }),
  );
  return mean(sum(mul(exp(logSource), moved), { axis: 1 }));
}
