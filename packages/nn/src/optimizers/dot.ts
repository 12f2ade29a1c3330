import { add, mul, sub, type Tensor } from '@limbeck/graph';
import { NnError } from '../errors.js';
import { type OptimizerStep, rateOf, type TrainedParameter } from './optimizer.js';

/** Options of DOT. */
export interface DotOptions {
  /** Momentum of a parameter that the task or distillation alone reaches; the two momenta lie around it. */
  readonly momentum: number;
  /** How much more of its previous update distillation keeps, and the task less. */
  readonly delta: number;
  /** L2 penalty added to the task's gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Distillation-oriented training (DOT; Zhao et al., ICCV 2023) as mdistiller's `DistillationOrientedTrainer` computes it: two
 * momentum buffers. With g the gradient of the task and d that of distillation,
 * task = (momentum - delta) * task + g + decay * p; kd = (momentum + delta) * kd + d; p -= lr * (task + kd).
 * A parameter that one of them reaches has one buffer at the momentum itself, with decay.
 *
 * @param lr scalar, an input of the program
 * @throws NnError where gradients are not given apart
 */
export function dot(
  parameters: readonly TrainedParameter[],
  lr: Tensor,
  { momentum, delta, weightDecay = 0 }: DotOptions,
): OptimizerStep {
  const updates = new Map<string, Tensor>();
  const slots: Tensor[] = [];
  for (const parameter of parameters) {
    const { variable, byRole, weightDecay: decay = weightDecay } = parameter;
    const { tensor, stateName } = variable;
    if (byRole === undefined) {
      throw new NnError(`'${stateName}' has no gradients of task and distillation apart, which DOT needs`);
    }
    lr.graph.scoped(`optimizer.${stateName}`, () => {
      const { task, distillation } = byRole;
      const isShared = task !== undefined && distillation !== undefined;
      const decayed = (gradient: Tensor) => (decay === 0 ? gradient : add(gradient, mul(tensor, decay)));
      const buffer = (name: string, kept: number, gradient: Tensor): Tensor => {
        if (kept === 0) return gradient;
        const state = lr.graph.state(`optimizer.${name}.${stateName}`, tensor.shape);
        const next = add(mul(state, kept), gradient);
        slots.push(state);
        updates.set(state.attributes.name as string, next);
        return next;
      };
      const directions = [
        ...(task === undefined
          ? []
          : [buffer('task', isShared ? momentum - delta : momentum, decayed(task))]),
        ...(distillation === undefined
          ? []
          : [
              buffer(
                'distillation',
                isShared ? momentum + delta : momentum,
                isShared ? distillation : decayed(distillation),
              ),
            ]),
      ];
      const direction = directions.reduce((a, b) => add(a, b));
      updates.set(stateName, sub(tensor, mul(rateOf(parameter, lr), direction)));
    });
  }
  return { updates, slots };
}
