import { add, div, type Graph, mul, pow, sqrt, sub, type Tensor } from '@limbeck/graph';
import type { OptimizerStep, TrainedParameter } from './optimizer.js';

/** How moments run. */
export interface MomentOptions {
  /** Decay rates of the first and second moment. */
  readonly betas: readonly [number, number];
  /** Added to the root of the second moment. */
  readonly epsilon: number;
}

/** The running moments of Adam with their state, shared by the optimisers that divide by the root of the second one. */
export class AdamMoments implements OptimizerStep {
  readonly updates = new Map<string, Tensor>();
  readonly slots: Tensor[] = [];
  readonly #graph: Graph;
  readonly #options: MomentOptions;
  /** Steps done, this one included. */
  readonly #count: Tensor;

  constructor(graph: Graph, options: MomentOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#count = graph.scoped('optimizer', () => this.#slot('optimizer.step', [], (step) => add(step, 1)));
  }

  /** m / (sqrt(v) + epsilon) after this step, both moments corrected for their start at zero; shaped like the parameter. */
  direction({ variable, gradient }: TrainedParameter): Tensor {
    const { tensor, stateName } = variable;
    const { betas, epsilon } = this.#options;
    const [beta1, beta2] = betas;
    const first = this.#slot(`optimizer.first.${stateName}`, tensor.shape, (m) =>
      add(mul(m, beta1), mul(gradient, 1 - beta1)),
    );
    const second = this.#slot(`optimizer.second.${stateName}`, tensor.shape, (v) =>
      add(mul(v, beta2), mul(mul(gradient, gradient), 1 - beta2)),
    );
    const denominator = add(sqrt(div(second, this.#correction(beta2))), epsilon);
    return div(div(first, this.#correction(beta1)), denominator);
  }

  #correction(beta: number): Tensor {
    return sub(1, pow(this.#graph.scalar(beta), this.#count));
  }

  #slot(name: string, shape: readonly number[], next: (current: Tensor) => Tensor): Tensor {
    const current = this.#graph.state(name, shape);
    const value = next(current);
    this.slots.push(current);
    this.updates.set(name, value);
    return value;
  }
}
