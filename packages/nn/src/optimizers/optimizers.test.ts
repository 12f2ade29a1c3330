import { add, Graph, gradients, interpret, mul, program, sum, type Tensor, tensorData } from '@limbeck/graph';
import { describe, expect, test } from 'vitest';
import { zeros } from '../initializers.js';
import { Trace } from '../trace.js';
import { adamw } from './adamw.js';
import { dot } from './dot.js';
import { lamb } from './lamb.js';
import {
  groupParameters,
  type OptimizerStep,
  type ParameterGroup,
  type TrainedParameter,
} from './optimizer.js';
import { sgd } from './sgd.js';

const start = [0.5, -1.25, 2];
const rates = [0.1, 0.1, 0.05, 0.05];

/** Four steps on sum(c p^2) + 0.1 k sum(p), step k from 1: the values of p after each. */
function descend(
  update: (parameters: TrainedParameter[], lr: Tensor) => OptimizerStep,
  groups: ParameterGroup[] = [],
  from: readonly number[] = start,
): number[][] {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: 'student', mode: 'train' });
  const p = trace.variable('parameter', 'p', [3], zeros);
  const slope = graph.input('slope', []);
  const curvature = graph.constant(tensorData('float32', [3], Float32Array.of(1, 2, -0.5)));
  const loss = add(sum(mul(curvature, mul(p, p))), sum(mul(p, slope)));
  const lr = graph.input('lr', []);
  const variables = [...trace.variables.values()];
  const { updates, slots } = update(groupParameters(variables, gradients(loss, [p]), groups), lr);
  const step = program({ name: 'step', outputs: { loss }, updates });
  let state = new Map([['student.p', tensorData('float32', [3], Float32Array.from(from))]]);
  for (const slot of slots) state.set(slot.attributes.name as string, tensorData('float32', slot.shape));
  return rates.map((rate, k) => {
    const inputs = new Map([
      ['slope', tensorData('float32', [], Float32Array.of((k + 1) * 0.1))],
      ['lr', tensorData('float32', [], Float32Array.of(rate))],
    ]);
    state = interpret(step, inputs, state).state as typeof state;
    return [...state.get('student.p')!.data];
  });
}

function expectClose(actual: number[][], expected: number[][]): void {
  for (const [k, row] of expected.entries()) {
    for (const [i, value] of row.entries())
      expect(actual[k]![i], `step ${k + 1}, element ${i}`).toBeCloseTo(value, 5);
  }
}

// the expected numbers come from PyTorch 2.9 in float64
describe('SGD follows torch.optim.SGD', () => {
  test('plain', () => {
    expectClose(
      descend((p, lr) => sgd(p, lr)),
      [
        [0.39, -0.76, 2.19],
        [0.292, -0.476, 2.389],
        [0.2478, -0.3958, 2.49345],
        [0.20302, -0.33664, 2.5981225],
      ],
    );
  });

  test('with momentum and weight decay, through a change of the learning rate', () => {
    expectClose(
      descend((p, lr) => sgd(p, lr, { momentum: 0.9, weightDecay: 0.01 })),
      [
        [0.3895, -0.75875, 2.188],
        [0.1917605, -0.03236625, 2.553812],
        [0.06850579475, 0.285995870625, 2.829841094],
        [-0.069308272347, 0.495179607127, 3.198344412753],
      ],
    );
  });

  test('with Nesterov momentum', () => {
    expectClose(
      descend((p, lr) => sgd(p, lr, { momentum: 0.9, weightDecay: 0.01, nesterov: true })),
      [
        [0.29005, -0.316625, 2.3572],
        [0.051774905, 0.2845240875, 2.91486932],
        [-0.05860028336, 0.370016744492, 3.315450713546],
        [-0.166565188619, 0.33284462856, 3.83343467914],
      ],
    );
  });
});

test('AdamW follows torch.optim.AdamW', () => {
  expectClose(
    descend((p, lr) => adamw(p, lr, { betas: [0.9, 0.99], weightDecay: 0.05 })),
    [
      [0.397500000909, -1.143750000204, 2.089999999474],
      [0.29587628412, -1.038460268701, 2.179537089667],
      [0.245648708867, -0.986478340284, 2.224070585129],
      [0.195669095227, -0.935035982962, 2.268427036654],
    ],
  );
});

describe('LAMB', () => {
  test('moves a parameter by the learning rate times its own length', () => {
    const [first] = descend((p, lr) => lamb(p, lr, { weightDecay: 0 }));
    const moved = Math.hypot(...first!.map((value, i) => value - start[i]!));
    expect(moved).toBeCloseTo(0.1 * Math.hypot(...start), 5);
  });

  test('takes the direction as it is where the trust ratio is bounded by 1', () => {
    // |p| is 2.41 and the direction about 1.73 long: the bound holds
    const [first] = descend((p, lr) => lamb(p, lr, { weightDecay: 0, maxTrust: 1 }));
    expectClose([first!], [[0.4, -1.15, 2.1]]);
  });

  test("a group's weight decay takes the place of the optimiser's", () => {
    const groups = [{ match: 'p', lrFactor: 1, weightDecay: 0 }];
    expect(descend((p, lr) => lamb(p, lr, { weightDecay: 0.3 }), groups)).toEqual(
      descend((p, lr) => lamb(p, lr, { weightDecay: 0 })),
    );
  });

  test('a parameter of zeros moves', () => {
    const [first] = descend((p, lr) => lamb(p, lr, { weightDecay: 0.1 }), [], [0, 0, 0]);
    expectClose([first!], [[-0.1, -0.1, -0.1]]);
  });
});

describe('parameter groups', () => {
  test('a factor of 0 leaves a parameter as it is, a factor of 1 changes nothing', () => {
    const frozen = descend((p, lr) => sgd(p, lr), [{ match: 'student', lrFactor: 0 }]);
    expect(frozen.at(-1)).toEqual(start);
    const same = descend((p, lr) => sgd(p, lr), [{ match: '.', lrFactor: 1 }]);
    expect(same).toEqual(descend((p, lr) => sgd(p, lr)));
  });

  test('factors of layers multiply those of groups', () => {
    const factors = new Map([['student.p', 0.5]]);
    const [parameter] = groupParameters(
      [{ stateName: 'student.p' } as never],
      [undefined as never],
      [{ match: 'p', lrFactor: 3 }],
      factors,
    );
    expect(parameter!.lrFactor).toBe(1.5);
  });

  test("a group's weight decay takes the place of the optimiser's, and the first group that fits counts", () => {
    const groups = [
      { match: '\\.p$', weightDecay: 0 },
      { match: '.', weightDecay: 5 },
    ];
    const decayed = descend((p, lr) => sgd(p, lr, { weightDecay: 0.5 }), groups);
    expect(decayed).toEqual(descend((p, lr) => sgd(p, lr)));
  });
});

describe('distillation-oriented training', () => {
  type Gradients = readonly { readonly task?: number; readonly kd?: number }[];
  const options = { momentum: 0.9, delta: 0.075, weightDecay: 0.01 };

  /** A single parameter over steps of given gradients. */
  function moved(steps: Gradients, how = options): number[] {
    let value = 0.5;
    const buffers = new Map<string, ReturnType<typeof tensorData>>();
    return steps.map(({ task, kd }) => {
      const graph = new Graph();
      const trace = new Trace(graph, { prefix: 'student', mode: 'train' });
      trace.variable('parameter', 'p', [1], zeros);
      const [variable] = [...trace.variables.values()];
      const one = (x: number) => graph.constant(tensorData('float32', [1], Float32Array.of(x)));
      const byRole = {
        ...(task !== undefined && { task: one(task) }),
        ...(kd !== undefined && { distillation: one(kd) }),
      };
      const gradient = one((task ?? 0) + (kd ?? 0));
      const parameter = { variable: variable!, gradient, lrFactor: 1, byRole };
      const { updates, slots } = dot([parameter], graph.scalar(0.1), how);
      const state = new Map([['student.p', tensorData('float32', [1], Float32Array.of(value))]]);
      for (const slot of slots) {
        const name = slot.attributes.name as string;
        state.set(name, (buffers.get(name) ?? tensorData('float32', [1])) as never);
      }
      const step = program({ name: 'step', outputs: { gradient }, updates });
      const { state: next } = interpret(step, new Map(), state);
      for (const [name, data] of next) buffers.set(name, data as never);
      value = next.get('student.p')!.data[0]!;
      return value;
    });
  }

  /** As the released optimiser goes about it, buffer by buffer. */
  function released(steps: Gradients): number[] {
    let [p, task, kd] = [0.5, 0, 0];
    return steps.map((gradients) => {
      const isShared = gradients.task !== undefined && gradients.kd !== undefined;
      if (gradients.task !== undefined) {
        task = task * (isShared ? 0.825 : 0.9) + gradients.task + 0.01 * p;
        p -= 0.1 * task;
        if (isShared) kd = kd * 0.975 + gradients.kd!;
      } else kd = kd * 0.9 + gradients.kd! + 0.01 * p;
      if (gradients.kd !== undefined) p -= 0.1 * kd;
      return p;
    });
  }

  test.each<[string, Gradients]>([
    [
      'both reach',
      [
        { task: 1, kd: -0.5 },
        { task: 0.2, kd: 0.7 },
        { task: -0.4, kd: 0.1 },
      ],
    ],
    ['the task alone reaches', [{ task: 1 }, { task: 0.2 }, { task: -0.4 }]],
    ['distillation alone reaches', [{ kd: 1 }, { kd: 0.2 }, { kd: -0.4 }]],
  ])('moves a parameter that %s as released', (_, steps) => {
    expect(moved(steps)).toEqual(released(steps).map((x) => expect.closeTo(x, 6)));
  });

  test('needs gradients apart', () => {
    expect(() => descend((parameters, lr) => dot(parameters, lr, options))).toThrow(
      "'student.p' has no gradients of task and distillation apart",
    );
  });
});
