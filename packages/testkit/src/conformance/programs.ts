import {
  add,
  argMax,
  Graph,
  gradients,
  matmul,
  mean,
  mul,
  type Program,
  program,
  type StateDict,
  square,
  sub,
  type TensorData,
} from '@limbeck/graph';
import { patternFill } from '../golden/pattern.js';

/** Linear regression by SGD with momentum: the smallest program with inputs, parameters, momenta and a gradient. */
export function regressionProgram(): Program {
  const graph = new Graph();
  const [x, y] = [graph.input('x', [4, 3]), graph.input('y', [4, 2])];
  const lr = graph.input('lr', []);
  const [weight, bias] = [graph.state('weight', [3, 2]), graph.state('bias', [2])];
  const loss = mean(square(sub(add(matmul(x, weight), bias), y)));
  const updates = new Map(
    gradients(loss, [weight, bias]).flatMap((gradient, i) => {
      const name = ['weight', 'bias'][i]!;
      const momentum = add(mul(graph.state(`${name}.momentum`, gradient.shape), 0.9), gradient);
      const parameter = [weight, bias][i]!;
      return [
        [`${name}.momentum`, momentum],
        [name, sub(parameter, mul(lr, momentum))],
      ] as const;
    }),
  );
  return program({ name: 'regression', outputs: { loss }, updates });
}

/** A batch for {@link regressionProgram}, another one at every step. */
export function regressionBatch(step: number): Record<string, TensorData> {
  return {
    x: patternFill('conformance', `x${step}`, [4, 3]),
    y: patternFill('conformance', `y${step}`, [4, 2]),
    lr: patternFill('conformance', 'lr', [], () => 0.1 / (step + 1)),
  };
}

/** A state for {@link regressionProgram}. */
export function regressionState(seed = 'conformance'): StateDict {
  const slots = regressionProgram().state;
  return new Map(slots.map(({ name, current }) => [name, patternFill(seed, name, current.shape)]));
}

/** a and b change places, and the outputs are what they were before. */
export function swapProgram(): Program {
  const graph = new Graph();
  const [a, b] = [graph.state('a', [3]), graph.state('b', [3])];
  return program({
    name: 'swap',
    outputs: { before: add(a, mul(b, 10)), a },
    updates: new Map([
      ['a', b],
      ['b', a],
    ]),
  });
}

/** Outputs that nothing computes: an input, a state, a constant, one node under two names; and an input nobody reads. */
export function passThroughProgram(): Program {
  const graph = new Graph();
  const x = graph.input('x', [2, 2]);
  const unused = graph.input('unused', [3]);
  const kept = graph.state('kept', [2]);
  const twice = mul(x, 2);
  const constant = graph.constant(patternFill('conformance', 'constant', [2]));
  return program({
    name: 'pass-through',
    outputs: { input: x, state: kept, constant, first: twice, second: twice, scalar: graph.scalar(0.5) },
    inputs: [unused],
  });
}

/** Data of types other than float32, in and out. */
export function integerProgram(): Program {
  const graph = new Graph();
  const logits = graph.input('logits', [3, 4]);
  const labels = graph.input('labels', [3], 'int32');
  const steps = graph.state('steps', [], 'int32');
  return program({
    name: 'integers',
    outputs: { predicted: argMax(logits), labels: add(labels, 1), steps },
    updates: new Map([['steps', add(steps, 1)]]),
  });
}
