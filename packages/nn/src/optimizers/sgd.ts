import { add, mul, sub, type Tensor } from '@limbeck/graph';
import { type OptimizerStep, rateOf, type TrainedParameter } from './optimizer.js';

/** Options of SGD, named as in PyTorch. */
export interface SgdOptions {
  /** Share of the previous update kept. Default 0: no momentum. */
  readonly momentum?: number;
  /** Look ahead along the momentum. Default false. */
  readonly nesterov?: boolean;
  /** L2 penalty added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent as PyTorch defines it (no dampening):
 * g += decay * p; buffer = momentum * buffer + g; p -= lr * (nesterov ? g + momentum * buffer : buffer).
 *
 * @param lr scalar, an input of the program: schedules never recompile
 */
export function sgd(
  parameters: readonly TrainedParameter[],
  lr: Tensor,
  options: SgdOptions = {},
): OptimizerStep {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  const updates = new Map<string, Tensor>();
  const slots: Tensor[] = [];
  for (const parameter of parameters) {
    const { variable, gradient, weightDecay: own } = parameter;
    const { tensor, stateName } = variable;
    lr.graph.scoped(`optimizer.${stateName}`, () => {
      const decay = own ?? weightDecay;
      const g = decay === 0 ? gradient : add(gradient, mul(tensor, decay));
      let direction = g;
      if (momentum !== 0) {
        const buffer = lr.graph.state(`optimizer.momentum.${stateName}`, tensor.shape);
        const next = add(mul(buffer, momentum), g);
        slots.push(buffer);
        updates.set(buffer.attributes.name as string, next);
        direction = nesterov ? add(g, mul(next, momentum)) : next;
      }
      updates.set(stateName, sub(tensor, mul(rateOf(parameter, lr), direction)));
    });
  }
  return { updates, slots };
}
