import { createHost } from '@limbeck/core/host';
import { evaluate, Graph, program, type ReferenceValue, type Shape, toReference } from '@limbeck/graph';
import { initialState, Scope, Trace } from '@limbeck/nn';
import { checkGradients, patternFill } from '@limbeck/testkit';
import { expect, test } from 'vitest';
import plugin, { orthonormalized } from './index.js';

/** Products of all pairs of rows, or of columns where those are fewer, less those of orthonormal ones. */
function departure([rows, columns]: readonly [number, number], values: ArrayLike<number>): number {
  const wide = rows <= columns;
  const [count, length] = wide ? [rows, columns] : [columns, rows];
  const at = (k: number, i: number) => values[wide ? k * columns + i : i * columns + k]!;
  let worst = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let product = a === b ? -1 : 0;
      for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
      worst = Math.max(worst, Math.abs(product));
    }
  }
  return worst;
}

function orthonormal(shape: readonly [number, number], weight: ReferenceValue) {
  const graph = new Graph();
  const y = orthonormalized(graph.input('w', shape), 16);
  const { outputs } = evaluate(program({ name: 'q', outputs: { y } }), new Map([['w', weight]]), new Map(), {
    precision: 'float32',
  });
  return outputs.get('y')!.data;
}

test.each([[[24, 24]], [[12, 40]], [[40, 12]], [[1, 5]]] as const)(
  'weights %j are orthonormal to 1e-5, whatever their scale',
  (shape) => {
    const drawn = initialState(variables(shape[1], shape[0]).values(), 3).get(
      'distiller.projector.linear.weight',
    )!;
    const moved = patternFill('1', 'moved', shape).data;
    for (const scale of [1e-6, 1, 1e4]) {
      const data = Float64Array.from(drawn.data, (x, i) => scale * (x + 0.05 * moved[i]!));
      expect(departure(shape, orthonormal(shape, { ...toReference(drawn), data }))).toBeLessThan(1e-5);
    }
  },
);

test('what is orthonormal already is left alone', () => {
  const angle = 0.3;
  const values = [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)];
  const found = orthonormal([2, 2], { shape: [2, 2], dtype: 'float32', data: Float64Array.from(values) });
  expect([...found]).toEqual(values.map((x) => expect.closeTo(x, 6)));
});

test('the gradient through the steps is right', () => {
  for (const shape of [
    [3, 4],
    [4, 3],
  ]) {
    expect(checkGradients((w) => orthonormalized(w, 16), [{ shape, from: -1, to: 2 }]).length).toBe(1);
  }
});

function variables(from: number, to: number) {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: 'distiller', mode: 'train' });
  const target: Shape = [2, to];
  const { contribution, options } = host.use('projectors', 'orthogonal');
  const y = contribution.project(
    new Scope(trace).in('projector'),
    graph.input('x', [2, from]),
    target,
    options,
    () => graph.scalar(0),
  );
  expect(y.shape).toEqual(target);
  return trace.variables;
}

const host = await createHost({ plugins: [{ plugin, origin: 'here' }] });

test('the projector owns one weight and no offset', () => {
  expect([...variables(5, 7)].map(([name, { tensor }]) => [name, tensor.shape])).toEqual([
    ['projector.linear.weight', [7, 5]],
  ]);
});
