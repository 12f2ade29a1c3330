import type { Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import {
  gradients,
  interpret,
  program,
  type StateDict,
  type Tensor,
  type TensorData,
  tensorData,
} from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { buildDistiller, patternFill } from '@limbeck/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import plugin from './index.js';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [{ plugin, origin: 'here' }] });
});
afterAll(() => host.dispose());

const [total, batch, dimensions, count, temperature] = [6, 2, 3, 2, 0.5];
const use = { use: 'crd', dimensions, negatives: count, temperature };
const shapes = {
  student: { embedding: [batch, 4], logits: [batch, 3] },
  teacher: { embedding: [batch, 5], logits: [batch, 3] },
};
const index = [4, 1];
const negatives = [
  [0, 5],
  [3, 2],
];

/** A step of the term alone: its value, its gradients by parameter, what is kept. */
function setUp() {
  const built = buildDistiller(host, use as Use, shapes, { samples: total });
  const { trace, losses } = built;
  const loss = losses.crd!.value;
  const parameters = [...trace.variables.values()].filter(({ kind }) => kind === 'parameter');
  const derivatives = gradients(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  const outputs = new Map<string, Tensor>([['loss', loss]]);
  for (const [i, { name }] of parameters.entries()) outputs.set(name, derivatives[i]!);
  const target = program({ name: 'crd', outputs, updates: trace.updates });
  const feeds = new Map<string, TensorData>([
    ['samples.index', tensorData('int32', [batch], Int32Array.from(index))],
    [
      `samples.negatives.other-classes.${count}`,
      tensorData('int32', [batch, count], Int32Array.from(negatives.flat())),
    ],
    ...(['student', 'teacher'] as const).map(
      (side) => [`${side}.embedding`, patternFill('1', side, shapes[side].embedding)] as const,
    ),
  ]);
  const step = (state: StateDict) => interpret(target, feeds, state);
  return { step, feeds, state: initialState(trace.variables.values(), 3), built };
}

const unit = (row: number[]) => row.map((v) => v / Math.hypot(...row));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
const rowsOf = ({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }) =>
  Array.from({ length: shape[0]! }, (_, r) =>
    Array.from({ length: shape[1]! }, (_, c) => data[r * shape[1]! + c]!),
  );

/** The published code by plain loops: the value, and both memories and constants afterwards. */
function published(state: StateDict, feeds: ReturnType<typeof setUp>['feeds']) {
  const at = (name: string) => state.get(`distiller.crd.${name}`)!;
  const embed = (side: 'student' | 'teacher') => {
    const weight = rowsOf(at(`${side}-embedding.weight`));
    const bias = at(`${side}-embedding.bias`).data;
    return rowsOf(feeds.get(`${side}.embedding`)!).map((x) =>
      unit(weight.map((w, o) => dot(w, x) + bias[o]!)),
    );
  };
  const sides = { student: embed('student'), teacher: embed('teacher') };
  const banks = { student: rowsOf(at('student-memory.bank')), teacher: rowsOf(at('teacher-memory.bank')) };
  const term = (anchors: number[][], other: 'student' | 'teacher') => {
    const raw = anchors.map((anchor, n) =>
      [index[n]!, ...negatives[n]!].map((k) => Math.exp(dot(banks[other][k]!, anchor) / temperature)),
    );
    const kept = at(`${other}-memory.normalizer`).data[0]!;
    const normalizer = kept || (raw.flat().reduce((a, b) => a + b) / raw.flat().length) * total;
    const noise = count / total;
    let value = 0;
    for (const row of raw) {
      const [positive, ...rest] = row.map((score) => score / normalizer) as [number, ...number[]];
      value -= Math.log(positive / (positive + noise + 1e-7));
      for (const score of rest) value -= Math.log(noise / (score + noise + 1e-7));
    }
    return { value: value / batch, normalizer };
  };
  const [a, b] = [term(sides.student, 'teacher'), term(sides.teacher, 'student')];
  for (const side of ['student', 'teacher'] as const) {
    index.forEach((sample, n) => {
      banks[side][sample] = unit(banks[side][sample]!.map((v, i) => 0.5 * v + 0.5 * sides[side][n]![i]!));
    });
  }
  return { loss: a.value + b.value, banks, normalizers: { teacher: a.normalizer, student: b.normalizer } };
}

test('is the published loss, step after step, with what it remembers', () => {
  const { step, feeds, state } = setUp();
  let current = state;
  for (let i = 0; i < 3; i++) {
    const expected = published(current, feeds);
    const { outputs, state: next } = step(current);
    expect(outputs.get('loss')!.data[0]).toBeCloseTo(expected.loss, 5);
    current = new Map([...current, ...next]);
    for (const side of ['student', 'teacher'] as const) {
      const kept = (name: string) => current.get(`distiller.crd.${side}-memory.${name}`)!;
      expect(kept('normalizer').data[0]! / expected.normalizers[side]).toBeCloseTo(1, 5);
      expect([...kept('bank').data]).toEqual(
        expected.banks[side].flat().map((value) => expect.closeTo(value, 5)),
      );
    }
  }
});

test('has the gradients of finite differences', () => {
  const { step, state } = setUp();
  // the constants as after a first batch: until then they move with the parameters
  const started = new Map([...state, ...step(state).state]);
  const { outputs } = step(started);
  for (const name of ['student-embedding.weight', 'teacher-embedding.bias']) {
    const full = `distiller.crd.${name}`;
    const tensor = started.get(full)!;
    for (const at of [0, tensor.data.length - 1]) {
      const moved = (by: number) => {
        const data = Float32Array.from(tensor.data);
        data[at]! += by;
        return step(new Map(started).set(full, { ...tensor, data } as typeof tensor)).outputs.get('loss')!
          .data[0]!;
      };
      const numeric = (moved(1e-2) - moved(-1e-2)) / 2e-2;
      expect(outputs.get(`crd.${name}`)!.data[at]).toBeCloseTo(numeric, 3);
    }
  }
});

test('only the embeddings are trained, both of them', () => {
  const { built } = setUp();
  const kinds = [...built.trace.variables.values()].map(({ name, kind }) => `${kind} ${name}`);
  expect(kinds.sort()).toEqual([
    'buffer crd.student-memory.bank',
    'buffer crd.student-memory.normalizer',
    'buffer crd.teacher-memory.bank',
    'buffer crd.teacher-memory.normalizer',
    'parameter crd.student-embedding.bias',
    'parameter crd.student-embedding.weight',
    'parameter crd.teacher-embedding.bias',
    'parameter crd.teacher-embedding.weight',
  ]);
});

test('a single class has no others to be told from', () => {
  const one = (side: 'student' | 'teacher') => ({ ...shapes[side], logits: [batch, 1] });
  expect(() => buildDistiller(host, 'crd', { student: one('student'), teacher: one('teacher') })).toThrow(
    /negatives/,
  );
});
