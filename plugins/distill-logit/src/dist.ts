import { defineDistiller } from '@limbeck/core';
import {
  add,
  div,
  less,
  mean,
  mul,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
  where,
} from '@limbeck/graph';
import { z } from 'zod';
import { studentLogits, tap } from './student-logits.js';

/** Squares below this are of rows that do not vary; their length is 0 and has no gradient, as PyTorch's has none. */
const smallest = 1e-36;

/** Lengths of rows: [A, B] -> [A]. */
function lengthsOf(rows: Tensor): Tensor {
  const squares = sum(square(rows), { axis: 1 });
  const none = less(squares, smallest);
  return where(none, 0, sqrt(where(none, 1, squares)));
}

/** 1 - the Pearson correlation of rows, mean over them: [A, B] twice to a scalar. */
function decorrelation(a: Tensor, b: Tensor, epsilon: number): Tensor {
  const centred = (x: Tensor) => sub(x, mean(x, { axis: 1, keepDims: true }));
  const [x, y] = [centred(a), centred(b)];
  const products = sum(mul(x, y), { axis: 1 });
  return sub(1, mean(div(products, add(mul(lengthsOf(x), lengthsOf(y)), epsilon))));
}

/**
 * How far predictions are from correlating (Huang et al., NeurIPS 2022, eq. 8 and 9), each times T^2 as in the authors'
 * code: `inter` over the classes of each image, `intra` over the images of each class. An image of the batch alone has no
 * others to correlate with: its `intra` is T^2, without a gradient.
 *
 * @param student logits [N, classes]
 * @param teacher logits [N, classes]
 * @param epsilon added to the product of two lengths; the release has 1e-8
 */
export function decorrelations(
  student: Tensor,
  teacher: Tensor,
  { temperature, epsilon }: { readonly temperature: number; readonly epsilon: number },
): { inter: Tensor; intra: Tensor } {
  const [s, t] = [student, teacher].map((logits) => softmax(mul(logits, 1 / temperature))) as [
    Tensor,
    Tensor,
  ];
  return {
    inter: mul(decorrelation(s, t, epsilon), temperature ** 2),
    intra: mul(decorrelation(transpose(s, [1, 0]), transpose(t, [1, 0]), epsilon), temperature ** 2),
  };
}

/**
 * DIST, distillation from a stronger teacher: relations count, not exact probabilities. Defaults as released for
 * CIFAR-100: both weights 2 at T = 4, cross-entropy 1; on ImageNet T = 1.
 */
export default defineDistiller({
  id: 'dist',
  description: 'predictions correlate with those of the teacher, by image and by class',
  cite: 'arXiv:2205.10536',
  options: z.strictObject({
    inter: z.number().nonnegative().default(2).describe('weight of the relations between classes'),
    intra: z.number().nonnegative().default(2).describe('weight of the relations within a class'),
    temperature: z.number().positive().default(4).describe('softens both predictions'),
    epsilon: z.number().positive().default(1e-8).describe('added to the product of two lengths'),
    tap,
  }),
  exclusive: true,
  build({ student, teacher, options }) {
    const logits = studentLogits('dist', student, options.tap);
    const { inter, intra } = decorrelations(logits, teacher.logits, options);
    return {
      losses: {
        inter: { weight: options.inter, value: inter },
        intra: { weight: options.intra, value: intra },
      },
    };
  },
});
