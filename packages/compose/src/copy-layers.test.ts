import { defineBackbone } from '@limbeck/core';
import { globalAveragePool, relu, type TensorData, tensorData } from '@limbeck/graph';
import { referenceBackend } from '@limbeck/testkit';
import type { TeacherSpec } from '@limbeck/trainer';
import { expect, it } from 'vitest';
import { copyLayers } from './copy-layers.js';

/** A chain of so many blocks. */
const chain = (id: string, blocks: number, width = 3) => ({
  backbone: defineBackbone({
    id,
    description: 'a chain of convolutions',
    encode(m, image) {
      let x = m.conv('conv1', image, { out: width, kernel: 1 });
      for (let i = 0; i < blocks; i++) {
        x = relu(m.in('blocks').in(i).conv('conv', x, { out: width, kernel: 3, padding: 1 }));
      }
      return globalAveragePool(x);
    },
    classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  }),
  options: undefined,
});

/** Every tensor of a chain, filled with a number of its own. */
function weightsOf(blocks: number, width = 3): ReadonlyMap<string, TensorData> {
  const shapes: [string, number[]][] = [
    ['conv1.weight', [width, 1, 1, 1]],
    ...Array.from({ length: blocks }, (_, i): [string, number[]] => [
      `blocks.${i}.conv.weight`,
      [width, width, 3, 3],
    ]),
    ['fc.weight', [2, width]],
    ['fc.bias', [2]],
  ];
  const filled = (shape: number[], value: number) => {
    const data = tensorData('float32', shape);
    data.data.fill(value as never);
    return data;
  };
  return new Map(shapes.map(([name, shape], i) => [name, filled(shape, i)]));
}

const teacher = {
  name: 'teacher',
  ...chain('long', 4),
  weights: { source: 'long.pth', tensors: weightsOf(4) },
  placement: { backend: referenceBackend },
} as unknown as TeacherSpec;

const dataset = { imageShape: [1, 4, 4] as const, classes: 2 };

const copied = (student: ReturnType<typeof chain>, layers: Parameters<typeof copyLayers>[2]['layers']) => {
  const { tensors, strict } = copyLayers(student, [teacher], { from: 'teacher', layers, dataset });
  expect(strict).toBe(false);
  return Object.fromEntries([...tensors].map(([name, { data }]) => [name, data[0]]));
};

it('copies what has the same name and shape', () => {
  expect(copied(chain('short', 2), 'matching')).toEqual({
    ...{ 'conv1.weight': 0, 'blocks.0.conv.weight': 1, 'blocks.1.conv.weight': 2 },
    ...{ 'fc.weight': 5, 'fc.bias': 6 },
  });
});

it('copies every second block', () => {
  expect(copied(chain('short', 2), 'every-second')).toEqual({
    ...{ 'conv1.weight': 0, 'blocks.0.conv.weight': 1, 'blocks.1.conv.weight': 3 },
    ...{ 'fc.weight': 5, 'fc.bias': 6 },
  });
});

it('copies what rules say', () => {
  const rules: [string, string][] = [
    ['^blocks[.]([01])[.]', 'unused.$1.'],
    ['^blocks[.]3[.]', 'blocks.0.'],
  ];
  expect(copied(chain('short', 1), rules)).toMatchObject({ 'blocks.0.conv.weight': 4 });
});

it('leaves out what has another shape, and refuses where nothing fits', () => {
  expect(copied(chain('thin', 2, 2), 'matching')).toEqual({ 'fc.bias': 6 });
  expect(() => copied(chain('short', 2), [['^', 'x.']])).toThrow(
    expect.objectContaining({
      code: 'WEIGHTS_MISMATCH',
      message: expect.stringContaining("no layer of the name and shape of one of student 'short'"),
    }),
  );
});
