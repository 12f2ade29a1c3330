import type { Use } from '@limbeck/core';
import { createHost, type Host } from '@limbeck/core/host';
import plugin from '@limbeck/distill-projector-ensemble';
import { interpret, program, type Tensor } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import projectors from '@limbeck/projectors';
import { buildDistiller, patternFill } from '@limbeck/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let host: Host;
beforeAll(async () => {
  host = await createHost({ plugins: [projectors, plugin].map((one) => ({ plugin: one, origin: 'here' })) });
});
afterAll(() => host.dispose());

const student = { embedding: [2, 5], logits: [2, 3] };
const teacher = { embedding: [2, 4], logits: [2, 3] };
const place = 'projector-ensemble.projectors';

/** The feature term over drawn projectors and patterned features, and the projections by plain loops. */
function run(use: object, sides = { student, teacher }) {
  const built = buildDistiller(host, { use: 'projector-ensemble', ...use } as Use, sides);
  const inputs = [...built.student.inputs, ...built.teacher.inputs] as [string, Tensor][];
  const target = program({ name: 'distiller', outputs: { loss: built.losses.feature!.value } });
  const state = initialState(built.trace.variables.values(), 5);
  const feeds = new Map(inputs.map(([name, { shape }]) => [name, patternFill('1', name, shape)]));
  const slots = new Map(target.state.map(({ name }) => [name, state.get(name)!]));
  const loss = interpret(target, feeds, slots).outputs.get('loss')!.data[0]!;
  const rows = (name: string) => {
    const { data, shape } = feeds.get(name)!;
    const [n, width] = shape as [number, number];
    return Array.from({ length: n }, (_, r) => [...data.slice(r * width, (r + 1) * width)]);
  };
  const project = (k: number, x: number[][]) => {
    const [weight, bias] = ['weight', 'bias'].map(
      (name) => state.get(`distiller.${place}.${k}.linear.${name}`)!.data,
    );
    const width = weight!.length / bias!.length;
    return x.map((row) =>
      [...bias!].map((b, o) =>
        Math.max(
          row.reduce((sum, v, i) => sum + v * weight![o * width + i]!, b),
          0,
        ),
      ),
    );
  };
  return { loss, rows, project, variables: built.trace.variables, weight: built.losses.feature!.weight };
}

/** 0 where a projection's ReLUs are all zero. */
const cosine = (a: number[], b: number[]) => {
  const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
};
const distance = (a: number[][], b: number[][]) =>
  a.reduce((sum, row, i) => sum + 1 - cosine(row, b[i]!), 0) / a.length;
const meanOf = (all: number[][][]) =>
  all[0]!.map((row, r) => row.map((_, c) => all.reduce((sum, one) => sum + one[r]![c]!, 0) / all.length));

describe('as released', () => {
  test('compares the mean of three ReLU projections once, with weight 25', () => {
    const { loss, rows, project, weight, variables } = run({});
    const s = rows('student.embedding');
    expect(weight).toBe(25);
    expect(variables.size).toBe(6);
    expect(loss).toBeCloseTo(
      distance(meanOf([0, 1, 2].map((k) => project(k, s))), rows('teacher.embedding')),
      5,
    );
  });
});

describe('the ablations', () => {
  test('one loss for each projector: their mean', () => {
    const { loss, rows, project } = run({ combination: 'per-projector', projectors: 2 });
    const each = [0, 1].map((k) =>
      distance(project(k, rows('student.embedding')), rows('teacher.embedding')),
    );
    expect(loss).toBeCloseTo((each[0]! + each[1]!) / 2, 5);
  });

  test("the teacher's side: its projection is compared with the student's feature", () => {
    const { loss, rows, project, variables } = run({ side: 'teacher', projectors: 2 });
    const t = rows('teacher.embedding');
    expect(loss).toBeCloseTo(
      distance(rows('student.embedding'), meanOf([0, 1].map((k) => project(k, t)))),
      5,
    );
    expect(variables.get(`${place}.0.linear.weight`)!.tensor.shape).toEqual([5, 4]);
  });

  test('no projector, at equal widths alone', () => {
    const equal = { student: teacher, teacher };
    const { loss, rows, variables } = run({ side: 'none' }, equal);
    expect(loss).toBeCloseTo(distance(rows('student.embedding'), rows('teacher.embedding')), 5);
    expect(variables.size).toBe(0);
    expect(() => run({ side: 'none' })).toThrow(/\[2, 5\].*\[2, 4\]/);
  });

  test.each(['mse', 'normalized-mse', 'smooth-l1'])('%s instead of the cosine', (loss) => {
    const { loss: value, rows, project } = run({ loss, projectors: 1 });
    const [s, t] = [project(0, rows('student.embedding')), rows('teacher.embedding')];
    const unit = (row: number[]) => row.map((v) => v / (Math.hypot(...row) || 1));
    const differences = (a: number[][], b: number[][]) =>
      a.flatMap((row, i) => row.map((v, j) => v - b[i]![j]!));
    const of = {
      mse: () => differences(s, t).reduce((sum, d) => sum + d * d, 0) / 8,
      'normalized-mse': () => differences(s.map(unit), t.map(unit)).reduce((sum, d) => sum + d * d, 0) / 2,
      'smooth-l1': () =>
        differences(s, t).reduce((sum, d) => sum + (Math.abs(d) < 1 ? d * d * 0.5 : Math.abs(d) - 0.5), 0) /
        8,
    }[loss]!;
    expect(value).toBeCloseTo(of(), 5);
  });

  test.each([1, 2, 3])('depth %d', (depth) => {
    const { variables } = run({ projector: { use: 'mlp', depth }, projectors: 8 });
    expect(variables.size).toBe(8 * 2 * depth);
  });

  test('a list gives each projector a kind of its own', () => {
    const { variables } = run({ projector: ['linear', { use: 'linear', init: 'orthogonal' }] });
    const names = [0, 1].map((k) => variables.get(`${place}.${k}.linear.weight`)!.initializer.name);
    expect(names).toEqual(['torch-default', 'orthogonal']);
    expect(() => run({ projector: ['linear', 'linear'], projectors: 3 })).toThrow(/projectors/);
  });
});
