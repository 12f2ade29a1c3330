import { type Distiller, defineBackbone, defineDistiller, LimbeckError } from '@limbeck/core';
import { flip } from '@limbeck/data';
import { globalAveragePool, mean, mul, relu, square, sub, tensorData } from '@limbeck/graph';
import type { Parts } from '../run/choices.js';
import type { Weights } from '../run/weights.js';
import { constant, linear } from '../standard/schedules.js';

/** One convolution with batch norm, and a classifier. */
export const toyBackbone = (id: string, width: number) =>
  defineBackbone({
    id,
    description: 'one convolution',
    encode(m, image) {
      const x = relu(m.batchNorm('bn1', m.conv('conv1', image, { out: width, kernel: 3, padding: 1 })));
      return globalAveragePool(m.tap('last-map', x));
    },
    classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
  });

export const toyStudent = toyBackbone('toy-student', 3);
export const toyTeacher = toyBackbone('toy-teacher', 4);

const rows = [1, 1, 1, -1, -1, -1, 1, 1, 1].map((x) => x / 3);
const columns = [1, -1, 1, 1, -1, 1, 1, -1, 1].map((x) => x / 3);
const negative = (values: readonly number[]) => values.map((x) => -x);

/** Weights for {@link toyTeacher}: its kernels are the stripes themselves, so it is right nearly always. */
export function toyTeacherWeights(): Weights {
  const f32 = (shape: readonly number[], values: readonly number[]) =>
    tensorData('float32', shape, Float32Array.from(values));
  return {
    source: 'toy-teacher.safetensors',
    tensors: new Map([
      ['conv1.weight', f32([4, 1, 3, 3], [...rows, ...negative(rows), ...columns, ...negative(columns)])],
      ['bn1.weight', f32([4], [1, 1, 1, 1])],
      ['bn1.bias', f32([4], [-0.3, -0.3, -0.3, -0.3])],
      ['bn1.running_mean', f32([4], [0, 0, 0, 0])],
      ['bn1.running_var', f32([4], [1, 1, 1, 1])],
      ['fc.weight', f32([2, 4], [2, 2, -2, -2, -2, -2, 2, 2])],
      ['fc.bias', f32([2], [0, 0])],
    ]),
  };
}

/** Predictions follow the teacher's; a weight too large makes training blow up. */
export const toyDistiller: Distiller<{ weight: number }> = defineDistiller({
  id: 'toy',
  description: 'squared distance of logits, and a feature the student projects to',
  build: ({ student, teacher, options: { weight }, m }) => {
    const target = teacher.embedding;
    const projected = m.linear('projector', student.embedding, { out: target.shape[1]! });
    return {
      losses: {
        logits: { weight, value: mean(square(sub(student.logits, teacher.logits))) },
        feature: { weight: 1, value: mul(mean(square(sub(projected, target))), 0.5) },
      },
    };
  },
});

/** The standard schedules and augmentations, by their ids; their options are taken as they are. */
export const toyParts: Parts = {
  use(kind, use) {
    const { use: id, ...options } = typeof use === 'string' ? { use } : use;
    const known = { schedules: [constant, linear], augmentations: [flip] } as Record<
      string,
      { id: string }[]
    >;
    const contribution = known[kind]?.find((one) => one.id === id);
    if (contribution === undefined) throw new LimbeckError('UNKNOWN_ID', `there are no ${kind} '${id}'`);
    return { id, contribution, options } as never;
  },
};
