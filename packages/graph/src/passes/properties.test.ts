import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abs,
  add,
  bindState,
  concat,
  evaluate,
  foldConstants,
  Graph,
  gelu,
  gradients,
  inlineComposites,
  isConstant,
  isState,
  layerNorm,
  logSoftmax,
  matmul,
  maximum,
  mean,
  mul,
  nodesOf,
  type Program,
  pad,
  print,
  program,
  type ReferenceValue,
  reduceMax,
  relu,
  reshape,
  reverse,
  rewriteProgram,
  type StateDict,
  sameShape,
  sigmoid,
  sizeOf,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  tanh,
  tensorData,
  toReference,
  transpose,
  verify,
} from '../index.js';
import { rootsOf } from '../program.js';
import { rebuild } from './rewrite.js';

/** Makes a tensor of one that is there, and of a second where it wants one. */
type Builder = (a: Tensor, b: Tensor) => Tensor;

/** Applies `f` where the shapes broadcast, and to sums over everything where they do not. */
const broadcast =
  (f: (a: Tensor, b: Tensor) => Tensor): Builder =>
  (a, b) => {
    const rank = Math.max(a.shape.length, b.shape.length);
    const fits = Array.from({ length: rank }, (_, i) => [a.shape.at(-1 - i) ?? 1, b.shape.at(-1 - i) ?? 1]);
    return fits.every(([m, n]) => m === n || m === 1 || n === 1) ? f(a, b) : f(a, tanh(sum(b)));
  };

const asRows = (x: Tensor): Tensor => reshape(x, [x.shape[0] ?? 1, -1]);

// bounded functions, so that long programs stay within range
const builders: readonly Builder[] = [
  (a) => tanh(a),
  (a) => relu(a),
  (a) => abs(a),
  (a) => sigmoid(a),
  (a) => gelu(a),
  (a) => softmax(asRows(a)),
  (a) => tanh(logSoftmax(asRows(a))),
  (a, b) => layerNorm(asRows(a), tanh(sum(b)), tanh(mean(a)), { epsilon: 0.1 }),
  (a) => mean(asRows(a), { axis: 1, keepDims: true }),
  (a) => reduceMax(asRows(a), { axis: 0 }),
  (a) => transpose(asRows(a)),
  (a) => reshape(a, [sizeOf(a.shape)]),
  (a) => reverse(asRows(a), { axes: [1] }),
  (a) => slice(asRows(a), { axis: 1, end: 1 }),
  (a) => (sizeOf(a.shape) > 64 ? a : pad(asRows(a), { before: [0, 1], after: [1, 0], value: 0.5 })),
  (a) => (sizeOf(a.shape) > 64 ? a : concat([asRows(a), asRows(a)], { axis: 1 })),
  (a) => tanh(matmul(asRows(a), asRows(a), { transposeB: true })),
  broadcast(add),
  broadcast(sub),
  broadcast((a, b) => tanh(mul(a, b))),
  broadcast(maximum),
];

const leafShapes = [[2, 3], [3], [], [4, 1, 2]] as const;

/** Values of a leaf, by its name: quarters, which every element type holds exactly. */
const leafData = (seed: number, shape: readonly number[]) => {
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => (((i + 1) * 37 + seed * 11) % 17) / 8 - 1);
  return tensorData('float32', shape, Float32Array.from(values));
};

/** A program of the steps given, with inputs, state that is updated by its gradient, and constants. */
function buildProgram(steps: readonly (readonly [number, number, number])[]): Program {
  const graph = new Graph();
  const tensors: Tensor[] = leafShapes.flatMap((shape, i) => [
    graph.input(`input${i}`, shape),
    graph.state(`state${i}`, shape),
    graph.constant(leafData(i, shape)),
  ]);
  steps.forEach(([kind, a, b], i) => {
    const build = builders[kind % builders.length]!;
    const [left, right] = [tensors[a % tensors.length]!, tensors[b % tensors.length]!];
    tensors.push(graph.scoped(`step${i}`, () => build(left, right)));
  });
  const last = tensors.slice(-3);
  const loss = last.map((x) => mean(tanh(x))).reduce((x, y) => add(x, y));
  const parameters = tensors.filter(isState);
  const updates = new Map(
    gradients(loss, parameters).map((d, i) => [`state${i}`, sub(parameters[i]!, mul(d, 0.5))]),
  );
  return program({
    name: 'random',
    outputs: { loss, last: tensors.at(-1)!, middle: tensors[Math.floor(tensors.length / 2)]! },
    updates: new Map([...updates].filter(([name]) => isRead(name, [loss, ...last, ...updates.values()]))),
    inputs: tensors.filter(({ operation }) => operation.name === 'input'),
  });
}

/** True where a state is read by what the program computes anyway. */
const isRead = (name: string, roots: readonly Tensor[]): boolean =>
  program({ name: 'read', outputs: Object.fromEntries(roots.map((root, i) => [`${i}`, root])) }).state.some(
    (slot) => slot.name === name,
  );

const stateOf = (target: Program): StateDict =>
  new Map(target.state.map(({ name, current }, i) => [name, leafData(i + 5, current.shape)]));

function run(target: Program, state: StateDict): Map<string, ReferenceValue> {
  verify(target);
  const inputs = new Map(
    leafShapes.map((shape, i): [string, ReferenceValue] => [
      `input${i}`,
      toReference(leafData(i + 9, shape)),
    ]),
  );
  const held = new Map([...state].map(([name, value]) => [name, toReference(value)]));
  const result = evaluate(target, inputs, held);
  return new Map([
    ...result.outputs,
    ...[...result.state].map(([name, value]) => [`next ${name}`, value] as const),
  ]);
}

/** Folded values are stored in float32, hence not exact. */
function expectSame(
  actual: ReadonlyMap<string, ReferenceValue>,
  expected: ReadonlyMap<string, ReferenceValue>,
) {
  for (const [name, value] of expected) {
    const found = actual.get(name)!;
    expect(sameShape(found.shape, value.shape), name).toBe(true);
    value.data.forEach((number, i) => {
      if (!(Math.abs(found.data[i]! - number) <= 1e-5 * Math.max(1, Math.abs(number)))) {
        expect.fail(`${name}[${i}] is ${found.data[i]}, expected ${number}`);
      }
    });
  }
}

const programs = fc
  .array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 25 })
  .map(buildProgram);

const check = (property: (target: Program) => void) =>
  fc.assert(fc.property(programs, property), { seed: 20_240_601, numRuns: 80 });

describe('any program', () => {
  it('is legal, and means the same after nothing was rewritten', () => {
    check((target) => {
      verify(target);
      const same = rewriteProgram(target, rebuild);
      expect(rootsOf(same)).toEqual(rootsOf(target));
      expect(print(same)).toBe(print(target));
    });
  });

  it('means the same with its composites inlined', () => {
    check((target) => {
      const inlined = inlineComposites(target);
      expect(nodesOf(inlined).every(({ operation }) => operation.kind !== 'composite')).toBe(true);
      expectSame(run(inlined, stateOf(target)), run(target, stateOf(target)));
      expect(print(inlineComposites(inlined))).toBe(print(inlined));
    });
  });

  it('keeps the composites a backend claims, and only those', () => {
    check((target) => {
      const claimed = inlineComposites(target, ({ operation }) => operation.name === 'softmax');
      const left = new Set(
        nodesOf(claimed).flatMap(({ operation: o }) => (o.kind === 'composite' ? [o.name] : [])),
      );
      expect([...left].filter((name) => name !== 'softmax')).toEqual([]);
      expectSame(run(claimed, stateOf(target)), run(target, stateOf(target)));
    });
  });

  it('means the same with its constants folded, and nothing of moderate size is left to fold', () => {
    check((target) => {
      const folded = foldConstants(target);
      expectSame(run(folded, stateOf(target)), run(target, stateOf(target)));
      for (const node of nodesOf(folded)) {
        if (node.inputs.length > 0) expect(node.inputs.every(isConstant), node.operation.name).toBe(false);
      }
    });
  });

  it('gives the same outputs with its state bound, and no state is left', () => {
    check((target) => {
      const state = stateOf(target);
      const bound = bindState(target, state);
      expect(bound.state).toEqual([]);
      expect(nodesOf(bound).some(isState)).toBe(false);
      const expected = run(target, state);
      expectSame(run(bound, new Map()), new Map([...expected].filter(([name]) => !name.startsWith('next'))));
      expectSame(run(foldConstants(inlineComposites(bound)), new Map()), run(bound, new Map()));
    });
  });

  it('prints the same when it is built again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000)), { maxLength: 25 }),
        (steps) => {
          expect(print(buildProgram(steps))).toBe(print(buildProgram(steps)));
        },
      ),
      { seed: 20_240_602, numRuns: 50 },
    );
  });
});
