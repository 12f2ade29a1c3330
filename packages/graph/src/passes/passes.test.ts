import { describe, expect, it } from 'vitest';
import {
  add,
  batchNorm,
  batchNormTraining,
  bindState,
  broadcastTo,
  conv2d,
  evaluate,
  exp,
  foldBatchNorm,
  foldConstants,
  Graph,
  gradients,
  inlineComposites,
  isConstant,
  matmul,
  mean,
  mul,
  nodesOf,
  type Program,
  print,
  program,
  relu,
  reshape,
  simplify,
  sizeOf,
  softmax,
  sub,
  sum,
  type Tensor,
  tensorData,
  toReference,
  verify,
} from '../index.js';

const data = (shape: readonly number[], offset = 0) =>
  tensorData(
    'float32',
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 1.7 + offset)),
  );

const operationsOf = (target: Program) => nodesOf(target).map(({ operation }) => operation.name);

describe('dead code', () => {
  it('falls away, while inputs and state stay declared', () => {
    const graph = new Graph();
    const [x, unused] = [graph.input('x', [2]), graph.input('unused', [2])];
    const weight = graph.state('weight', [2]);
    relu(mul(x, 3));
    const target = program({ name: 'p', outputs: { y: mul(x, weight) }, inputs: [unused] });
    expect(operationsOf(target)).toEqual(['input', 'input', 'state', 'mul']);
    const without = foldConstants(bindState(target, new Map([['weight', data([2])]])));
    expect(operationsOf(without)).toEqual(['input', 'input', 'constant', 'mul']);
    expect(without.inputs).toEqual([x, unused]);
  });
});

describe('foldConstants', () => {
  it('computes in float64 and rounds once', () => {
    const graph = new Graph();
    const x = graph.input('x', []);
    const third = mul(graph.scalar(1 / 3), graph.scalar(3));
    const folded = foldConstants(program({ name: 'p', outputs: { y: mul(x, third) } }));
    expect(folded.outputs.get('y')).toBe(mul(x, 1));
  });

  it('folds composites of constants', () => {
    const graph = new Graph();
    const y = softmax(graph.constant(tensorData('float32', [1, 2])));
    const folded = foldConstants(program({ name: 'p', outputs: { y } })).outputs.get('y')!;
    expect(isConstant(folded)).toBe(true);
    expect(toReference(folded.attributes.data as never).data).toEqual(Float64Array.of(0.5, 0.5));
  });

  it('does not store what is cheaper to broadcast', () => {
    const graph = new Graph();
    const wide = broadcastTo(graph.scalar(1), [64, 64]);
    const target = program({ name: 'p', outputs: { y: add(graph.input('x', [64, 64]), wide) } });
    expect(operationsOf(foldConstants(target))).toContain('broadcastTo');
  });

  it('keeps folded bfloat16 scalars what they are', () => {
    const graph = new Graph();
    const folded = foldConstants(
      program({
        name: 'p',
        outputs: { y: add(graph.scalar(1.5, 'bfloat16'), graph.scalar(0.5, 'bfloat16')) },
      }),
    );
    expect(folded.outputs.get('y')).toBe(graph.scalar(2, 'bfloat16'));
  });
});

describe('inlineComposites', () => {
  it('inlines the composites inside a decomposition that is not claimed', () => {
    const graph = new Graph();
    const y = batchNormTraining(
      graph.input('x', [2, 3, 4, 4]),
      graph.state('scale', [3]),
      graph.state('bias', [3]),
      {
        epsilon: 1e-5,
      },
    );
    const target = program({ name: 'p', outputs: { y } });
    const inner = inlineComposites(target, ({ operation }) => operation.name.startsWith('channel'));
    expect(operationsOf(inner)).toEqual(
      expect.arrayContaining(['channelMean', 'channelVariance', 'channelAffine']),
    );
    expect(operationsOf(inner)).not.toContain('batchNormTraining');
  });

  it('replaces outputs and state that are composites themselves', () => {
    const graph = new Graph();
    const weight = graph.state('weight', [2, 2]);
    const target = program({
      name: 'p',
      outputs: { y: softmax(weight) },
      updates: new Map([['weight', softmax(weight)]]),
    });
    const inlined = inlineComposites(target);
    verify(inlined);
    expect(inlined.state[0]!.next).toBe(inlined.outputs.get('y'));
    expect(operationsOf(inlined)).not.toContain('softmax');
  });
});

describe('foldBatchNorm', () => {
  const build = (
    wire: (x: Tensor, norm: (x: Tensor) => Tensor, convolution: Tensor) => Record<string, Tensor>,
    bias: boolean,
  ) => {
    const graph = new Graph();
    const convolution = conv2d(graph.input('x', [2, 3, 5, 5]), graph.constant(data([4, 3, 3, 3])), {
      stride: 2,
      padding: 1,
    });
    const biased = bias ? add(convolution, reshape(graph.constant(data([4], 2)), [4, 1, 1])) : convolution;
    const vector = (offset: number) => graph.constant(data([4], offset));
    const variance = graph.constant(tensorData('float32', [4], Float32Array.of(0.5, 1, 2, 3)));
    const norm = (x: Tensor) => batchNorm(x, vector(3), variance, vector(4), vector(5), { epsilon: 1e-5 });
    return foldConstants(program({ name: 'p', outputs: wire(biased, norm, convolution) }));
  };
  const outputsOf = (target: Program) =>
    [...evaluate(target, new Map([['x', toReference(data([2, 3, 5, 5], 7))]])).outputs.values()].map(
      (v) => v.data,
    );

  it.each([false, true])('leaves one convolution and one bias, with the same results (bias: %s)', (bias) => {
    const target = build((x, norm) => ({ y: relu(norm(x)) }), bias);
    const folded = foldConstants(foldBatchNorm(target));
    verify(folded);
    expect(operationsOf(folded).filter((name) => name !== 'constant')).toEqual([
      'input',
      'conv2d',
      'add',
      'relu',
    ]);
    const [expected, found] = [outputsOf(target)[0]!, outputsOf(folded)[0]!];
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 5);
    });
  });

  it.each([false, true])('leaves a convolution alone that something else reads (bias: %s)', (bias) => {
    const tapped = build((x, norm) => ({ y: norm(x), tap: x }), bias);
    expect(print(foldBatchNorm(tapped))).toBe(print(tapped));
    const inside = build((x, norm, convolution) => ({ y: norm(x), tap: convolution }), bias);
    expect(print(foldBatchNorm(inside))).toBe(print(inside));
    const shared = build((x, norm) => ({ y: add(norm(x), x) }), bias);
    expect(print(foldBatchNorm(shared))).toBe(print(shared));
  });

  it('leaves statistics alone that are not known yet', () => {
    const graph = new Graph();
    const x = conv2d(graph.input('x', [1, 1, 3, 3]), graph.constant(data([1, 1, 1, 1])));
    const [a, b, c, d] = ['mean', 'variance', 'scale', 'bias'].map((name) => graph.state(name, [1]));
    const target = program({ name: 'p', outputs: { y: batchNorm(x, a!, b!, c!, d!, { epsilon: 1e-5 }) } });
    expect(print(foldBatchNorm(target))).toBe(print(target));
  });
});

describe('bindState', () => {
  it('refuses state that does not fit, naming everything at once', () => {
    const graph = new Graph();
    const y = matmul(graph.state('weight', [2, 3]), graph.state('other', [3, 1]));
    const target = program({ name: 'student', outputs: { y } });
    const wrong = new Map([
      ['weight', data([3, 2])],
      ['surplus', data([1])],
    ]);
    expect(() => bindState(target, wrong)).toThrow(
      "state does not fit program 'student': 'weight' is float32 [3, 2], the program holds float32 [2, 3]; 'other' is missing; 'surplus' is unexpected",
    );
  });
});

describe('simplify and bindState', () => {
  it('leave the graph a program was traced in as it was: what they compute goes with their result', () => {
    const graph = new Graph();
    const weight = graph.state('weight', [4, 4]);
    const target = program({ name: 'p', outputs: { y: matmul(graph.input('x', [2, 4]), exp(weight)) } });
    const bound = bindState(target, new Map([['weight', data([4, 4])]]));
    const simple = simplify(bound);
    const graphs = [target, bound, simple].map(({ outputs }) => outputs.get('y')!.graph);
    expect(new Set(graphs).size).toBe(3);
    for (const one of [bound, simple]) {
      expect(nodesOf(one).every((node) => node.graph === one.outputs.get('y')!.graph)).toBe(true);
      verify(one);
    }
    expect(nodesOf(simple).map(({ operation }) => operation.name)).toEqual(['input', 'constant', 'matmul']);
  });
});

describe('speed', () => {
  /** A network of fully connected layers with softmax in between, its gradients and updates: about `layers` * 30 nodes. */
  const chain = (layers: number): Program => {
    const graph = new Graph();
    const parameters = Array.from({ length: layers }, (_, i) => graph.state(`layer${i}`, [4, 4]));
    const y = parameters.reduce(
      (x, weight) => relu(add(x, softmax(matmul(x, weight)))),
      graph.input('x', [2, 4]),
    );
    const updates = gradients(mean(y), parameters).map(
      (d, i) => [`layer${i}`, sub(parameters[i]!, mul(d, 0.1))] as const,
    );
    return program({ name: 'chain', outputs: { y: sum(y) }, updates: new Map(updates) });
  };

  it('of passes over a thousand nodes is well under a tenth of a second', () => {
    const target = chain(70);
    expect(nodesOf(target).length).toBeGreaterThan(1000);
    const passes: [string, () => unknown][] = [
      ['inlineComposites', () => inlineComposites(target)],
      ['foldConstants', () => foldConstants(inlineComposites(target))],
      ['foldBatchNorm', () => foldBatchNorm(target)],
      ['verify', () => verify(target)],
      ['print', () => print(target)],
    ];
    for (const [name, pass] of passes) {
      // the best of three: the first warms up, and the machine may be busy
      const times = [0, 1, 2].map(() => {
        const started = performance.now();
        pass();
        return performance.now() - started;
      });
      expect(Math.min(...times), name).toBeLessThan(100);
    }
  });

  it('grows with the size of the program, not with its square', () => {
    const target = chain(1000);
    expect(nodesOf(target).length).toBeGreaterThan(15_000);
    expect(nodesOf(inlineComposites(target)).length).toBeGreaterThan(20_000);
  }, 5_000);
});
