import { defineDistiller } from '@limbeck/core';
import { meanSquaredError, relu } from '@limbeck/graph';
import { z } from 'zod';

/**
 * Softmax regression representation learning (Yang et al., ICLR 2021): the student's embedding, projected, should meet the
 * teacher's (eq. 2) and be classified by the teacher's own classifier as the teacher's is (eq. 5, by the squared error of
 * logits). Defaults as in SimKD's toolbox: both weights 1 beside a cross-entropy of 1, the projection a linear layer
 * without offset, batch norm and ReLU. That toolbox adds KD at weight 1; here that is `kd` beside it.
 */
export default defineDistiller({
  id: 'srrl',
  description: "the projected embedding meets the teacher's, and means the same to the teacher's classifier",
  cite: 'openreview:ZzwDy_wiWv',
  options: z.strictObject({
    weight: z.number().nonnegative().default(1).describe('of the feature term'),
    logitWeight: z.number().nonnegative().default(1).describe("of the term of the teacher's classifier"),
  }),
  build({ student, teacher, options: { weight, logitWeight }, m }) {
    const target = teacher.embedding;
    const at = m.in('projector');
    const linear = at.linear('linear', student.embedding, { out: target.shape[1]!, bias: false });
    const projected = relu(at.batchNorm('bn', linear));
    return {
      losses: {
        feature: { weight, value: meanSquaredError(projected, target) },
        logits: {
          weight: logitWeight,
          value: meanSquaredError(teacher.classify(projected), teacher.logits),
        },
      },
    };
  },
});
