import { add, div, less, minimum, mul, sqrt, sub, sum, type Tensor, where } from '@limbeck/graph';
import { AdamMoments } from './adam-moments.js';
import { type OptimizerStep, rateOf, type TrainedParameter } from './optimizer.js';

/** Options of {@link lamb}. */
export interface LambOptions {
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-6. */
  readonly epsilon?: number;
  /** Added to the direction before its length is taken: r + decay * p. Default 0.01. */
  readonly weightDecay?: number;
  /** Upper bound of the trust ratio. Default none, as published; 1 is the variant called LAMBC. */
  readonly maxTrust?: number;
}

/**
 * LAMB (You et al., ICLR 2020, algorithm 2): Adam's direction r, both moments corrected for their start at zero, with
 * decay * p added, and its length set to that of the parameter: p -= lr * |p| / |r + decay * p| * (r + decay * p).
 * Lengths are those of one parameter tensor; the ratio is 1 where either is 0. Gradients are not clipped here.
 */
export function lamb(
  parameters: readonly TrainedParameter[],
  lr: Tensor,
  options: LambOptions = {},
): OptimizerStep {
  const { betas = [0.9, 0.999], epsilon = 1e-6, weightDecay = 0.01, maxTrust } = options;
  const { graph } = lr;
  const moments = new AdamMoments(graph, { betas, epsilon });
  for (const parameter of parameters) {
    const { tensor, stateName } = parameter.variable;
    const decay = parameter.weightDecay ?? weightDecay;
    graph.scoped(`optimizer.${stateName}`, () => {
      const direction = moments.direction(parameter);
      const step = decay === 0 ? direction : add(direction, mul(tensor, decay));
      const ratio = trustRatio(tensor, step);
      const trust = maxTrust === undefined ? ratio : minimum(ratio, maxTrust);
      moments.updates.set(stateName, sub(tensor, mul(mul(rateOf(parameter, lr), trust), step)));
    });
  }
  return moments;
}

/** |parameter| / |step|, or 1 where one of them is 0. */
function trustRatio(parameter: Tensor, step: Tensor): Tensor {
  const length = (x: Tensor) => sqrt(sum(mul(x, x)));
  const [kept, moved] = [length(parameter), length(step)];
  return where(less(0, kept), where(less(0, moved), div(kept, moved), 1), 1);
}
