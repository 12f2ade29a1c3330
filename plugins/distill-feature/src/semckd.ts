import { defineDistiller, LimbeckError } from '@limbeck/core';
import {
  concat,
  directionsOf,
  flatten,
  matchSpatial,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
} from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import { z } from 'zod';
import { mapsOf, tapOptions } from './map-pairs.js';

/** Embeddings shorter than this have no direction. */
const shortest = 1e-12;

/** How each image resembles the others of its batch, as a direction: map [N, C, H, W] -> [N, width]. */
function resemblance(m: Scope, map: Tensor, width: number): Tensor {
  const rows = flatten(map);
  const similarities = matmul(rows, rows, { transposeB: true });
  const hidden = relu(m.linear('linear1', similarities, { out: 2 * width }));
  return directionsOf(m.linear('linear2', hidden, { out: width }), shortest).directions;
}

/** 1x1, 3x3 and 1x1 convolutions through twice the teacher's channels, batch norm and ReLU between them. */
function regressor(m: Scope, map: Tensor, out: number): Tensor {
  const wide = relu(m.batchNorm('bn1', m.conv('conv1', map, { out: 2 * out, kernel: 1 })));
  const mixed = relu(m.batchNorm('bn2', m.conv('conv2', wide, { out: 2 * out, kernel: 3, padding: 1 })));
  return m.conv('conv3', mixed, { out, kernel: 1 });
}

/** Parts [N] for each student and teacher map as one tensor [N, S, T]. */
const asTable = (parts: readonly (readonly Tensor[])[]): Tensor =>
  concat(
    parts.map((row) =>
      concat(
        row.map((part) => reshape(part, [-1, 1, 1])),
        { axis: 2 },
      ),
    ),
    { axis: 1 },
  );

/**
 * Semantic calibration (Chen et al., AAAI 2021, eq. 6 to 9): the squared errors between every map of the student, brought
 * to the teacher's size and channels, and every map of the teacher, each image and map of the student dividing its
 * attention among the teacher's maps.
 *
 * @param students maps [N, C, H, W]
 * @param teachers maps [N, C', H', W']
 * @param soft divides the products of queries and keys
 */
export function calibratedDistance(
  m: Scope,
  students: readonly Tensor[],
  teachers: readonly Tensor[],
  soft: number,
): Tensor {
  const batch = students[0]!.shape[0]!;
  const width = Math.max(1, Math.floor(batch / 4));
  const directions = (kind: string, maps: readonly Tensor[]) =>
    concat(
      maps.map((map, i) => reshape(resemblance(m.in(kind).in(i), map, width), [batch, 1, width])),
      { axis: 1 },
    );
  const products = matmul(directions('query', students), directions('key', teachers), { transposeB: true });
  const attention = softmax(mul(products, 1 / soft));
  const errors = students.map((student, i) =>
    teachers.map((teacher, j) => {
      const [s, t] = matchSpatial(student, teacher);
      const guess = regressor(m.in('regressor').in(i).in(j), s, t.shape[1]!);
      return mean(square(sub(guess, t)), { axis: [1, 2, 3] });
    }),
  );
  return mul(sum(mul(attention, asTable(errors))), 1 / (batch * students.length));
}

/**
 * SemCKD: which of the teacher's maps teaches which of the student's is learnt, image by image. Defaults as released for
 * CIFAR-100: weight 400, cross-entropy 1; the release adds KD at weight 1, which here is `kd` beside it. Queries and keys
 * are as wide as a quarter of the batch, so a checkpoint continues with its own batch size alone.
 */
export default defineDistiller({
  id: 'semckd',
  description: 'every map learns which maps of the teacher to follow',
  cite: 'arXiv:2012.03236',
  options: z.strictObject({
    weight: z.number().nonnegative().default(400).describe('of the term'),
    soft: z.number().positive().default(1).describe('temperature of the attention'),
    ...tapOptions,
  }),
  build({ student, teacher, options, m }) {
    const [students, teachers] = mapsOf('semckd', { student, teacher }, options);
    if (m.mode === 'train' && students[0]!.shape[0]! < 4) {
      throw new LimbeckError(
        'PRECONDITION',
        `distiller 'semckd' attends by how images resemble the others of their batch, and this batch has ${students[0]!.shape[0]}`,
        { hint: 'set data.batchSize to 4 or more' },
      );
    }
    const value = calibratedDistance(m, students, teachers, options.soft);
    return { losses: { semckd: { weight: options.weight, value } } };
  },
});
