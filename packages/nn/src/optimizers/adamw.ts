import { add, div, mul, pow, sqrt, sub, type Tensor } from '@limbeck/graph';
import type { OptimizerStep, TrainedParameter } from './optimizer.js';

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
  const updates = new Map<string, Tensor>();
  const slots: Tensor[] = [];
  const slot = (name: string, shape: readonly number[], next: (current: Tensor) => Tensor): Tensor => {
    const current = graph.state(name, shape);
    const value = next(current);
    slots.push(current);
    updates.set(name, value);
    return value;
  };
  const t = graph.scoped('optimizer', () => slot('optimizer.step', [], (step) => add(step, 1)));
  const [beta1, beta2] = betas;
  const correction = (beta: number) => sub(1, pow(graph.scalar(beta), t));
  for (const { variable, gradient, lrFactor, weightDecay: own } of parameters) {
    const { tensor, stateName } = variable;
    graph.scoped(`optimizer.${stateName}`, () => {
      const first = slot(`optimizer.first.${stateName}`, tensor.shape, (m) =>
        add(mul(m, beta1), mul(gradient, 1 - beta1)),
      );
      const second = slot(`optimizer.second.${stateName}`, tensor.shape, (v) =>
        add(mul(v, beta2), mul(mul(gradient, gradient), 1 - beta2)),
      );
      const rate = lrFactor === 1 ? lr : mul(lr, lrFactor);
      const decayed = sub(tensor, mul(mul(rate, own ?? weightDecay), tensor));
      const denominator = add(sqrt(div(second, correction(beta2))), epsilon);
      updates.set(stateName, sub(decayed, mul(rate, div(div(first, correction(beta1)), denominator))));
    });
  }
  return { updates, slots };
}
