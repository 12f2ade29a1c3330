import { defineProjector, LimbeckError } from '@limbeck/core';
import { add, formatShape, relu, reshape, type Shape, type Tensor, transpose } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { z } from 'zod';
import { attendedBy, headsOption, tokensOf } from './attention.js';

/** Positions of a map [N, C, H, W] or tokens [N, T, C]. */
const positionsOf = (shape: Shape): number => (shape.length === 4 ? shape[2]! * shape[3]! : shape[1]!);

/** What is attended to: a map through a 3x3 convolution, batch norm and ReLU, and places that are learnt, added to each token. */
function prepared(m: Scope, x: Tensor, convolve: boolean): Tensor {
  const isMap = x.shape.length === 4;
  const y =
    isMap && convolve
      ? relu(m.batchNorm('bn', m.conv('conv', x, { out: x.shape[1]!, kernel: 3, padding: 1, bias: true })))
      : x;
  const tokens = tokensOf('cross-attention', y);
  return add(tokens, m.parameter('position', [1, ...tokens.shape.slice(1)], zeros));
}

/**
 * A learnt query for each position of the teacher attends to all positions of the student: [N, C, H, W] or [N, T, C] -> [N, D, H', W'] or
 * [N, T', D], so that features of unlike architectures meet. After the attention projector of ScaleKD (Fan et al., NeurIPS 2024,
 * arXiv:2411.06786): a 3x3 convolution, batch norm and ReLU, places, learnt queries, as many heads as asked for. Its windows, its feed-forward
 * layer, its temperature and its masks of frequencies are left out.
 */
export default defineProjector({
  id: 'cross-attention',
  description: "a learnt query for each position of the teacher attends to the student's map or tokens",
  options: z.strictObject({
    heads: headsOption,
    convolve: z.boolean().default(true).describe('maps go through a 3x3 convolution first'),
  }),
  project(m, x, target, { heads, convolve }) {
    const isFeature = target.length === 3 || target.length === 4;
    if (!isFeature || target[0] !== x.shape[0]) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `projector 'cross-attention' makes maps or tokens of ${formatShape(x.shape)}; the teacher's feature is ${formatShape(target)}`,
        { hint: "tap a map or tokens of the teacher, or use 'attention-pool'" },
      );
    }
    const width = target.length === 4 ? target[1]! : target[2]!;
    const how = { queries: positionsOf(target), width, heads, projector: 'cross-attention' };
    const tokens = attendedBy(m.in('attention'), prepared(m, x, convolve), how);
    return target.length === 3 ? tokens : reshape(transpose(tokens, [0, 2, 1]), target);
  },
});
