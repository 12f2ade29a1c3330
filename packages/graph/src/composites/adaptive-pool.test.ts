import { expect, test } from 'vitest';
import { adaptiveAvgPool, Graph, interpret, matchSpatial, program, tensorData } from '../index.js';

/** Mean over each window of one plane, window by window. */
function expected(plane: Float32Array, [h, w]: number[], [oh, ow]: number[]): number[] {
  const bounds = (i: number, from: number, to: number) => [
    Math.floor((i * from) / to),
    Math.ceil(((i + 1) * from) / to),
  ];
  const out: number[] = [];
  for (let i = 0; i < oh!; i++) {
    for (let j = 0; j < ow!; j++) {
      const [top, bottom] = bounds(i, h!, oh!);
      const [left, right] = bounds(j, w!, ow!);
      let total = 0;
      for (let r = top!; r < bottom!; r++) for (let c = left!; c < right!; c++) total += plane[r * w! + c]!;
      out.push(total / ((bottom! - top!) * (right! - left!)));
    }
  }
  return out;
}

test.each([
  [
    [8, 8],
    [4, 4],
  ],
  [
    [6, 4],
    [1, 2],
  ],
  [
    [7, 7],
    [4, 3],
  ],
  [
    [14, 5],
    [8, 4],
  ],
  [
    [2, 3],
    [4, 4],
  ],
] as const)('%j averages to %j', (from, to) => {
  const graph = new Graph();
  const y = adaptiveAvgPool(graph.input('x', [1, 2, ...from]), { size: to });
  const size = from[0] * from[1];
  const data = Float32Array.from({ length: 2 * size }, (_, i) => Math.sin(7 * i));
  const { outputs } = interpret(
    program({ name: 'pool', outputs: { y } }),
    new Map([['x', tensorData('float32', [1, 2, ...from], data)]]),
  );
  const planes = [data.subarray(0, size), data.subarray(size)];
  expect([...outputs.get('y')!.data]).toEqual(
    planes.flatMap((plane) => expected(plane, [...from], [...to])).map((value) => expect.closeTo(value, 6)),
  );
});

test('two stacks of maps meet at the smaller height and width; what fits is left alone', () => {
  const graph = new Graph();
  const [tall, wide] = [graph.input('tall', [2, 3, 8, 4]), graph.input('wide', [2, 5, 4, 6])];
  expect(matchSpatial(tall, wide).map(({ shape }) => shape)).toEqual([
    [2, 3, 4, 4],
    [2, 5, 4, 4],
  ]);
  expect(matchSpatial(tall, tall)).toEqual([tall, tall]);
});

test('vectors have nothing to pool', () => {
  const graph = new Graph();
  const [map, vector] = [graph.input('map', [2, 3, 8, 8]), graph.input('vector', [2, 3])];
  expect(() => adaptiveAvgPool(vector, { size: [1, 1] })).toThrow('[2, 3]');
  expect(() => matchSpatial(map, vector)).toThrow('[2, 3]');
});
