import { mul, sub, type Tensor } from '@limbeck/graph';
import { AdamMoments } from './adam-moments.js';
import { type OptimizerStep, rateOf, type TrainedParameter } from './optimizer.js';

/** Options of AdamW, named as in PyTorch. */
export interface AdamwOptions {
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled: p -= lr * decay * p. Default 0.01, as in PyTorch. */
  readonly weightDecay?: number;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2), as PyTorch's AdamW computes it. */
export function adamw(
  parameters: readonly TrainedParameter[],
  lr: Tensor,
  options: AdamwOptions = {},
): OptimizerStep {
  const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0.01 } = options;
  const { graph } = lr;
  const moments = new AdamMoments(graph, { betas, epsilon });
  for (const parameter of parameters) {
    const { variable, weightDecay: own } = parameter;
    const { tensor, stateName } = variable;
    graph.scoped(`optimizer.${stateName}`, () => {
      const direction = moments.direction(parameter);
      const rate = rateOf(parameter, lr);
      const decayed = sub(tensor, mul(mul(rate, own ?? weightDecay), tensor));
      moments.updates.set(stateName, sub(decayed, mul(rate, direction)));
    });
  }
  return moments;
}
