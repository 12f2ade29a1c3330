import { defineProjector, LimbeckError } from '@limbeck/core';
import { formatShape, relu } from '@limbeck/graph';
import { z } from 'zod';
import { activate, activation } from './activation.js';
import { init, initializerOf } from './init.js';
import { resized, spatial } from './spatial.js';

/**
 * Convolutions of one size on a map: [N, C, H, W] -> [N, D, H', W']. Between several stand batch norm and ReLU. The last one is
 * followed by nothing unless asked for; then the map gets the target's height and width.
 */
export default defineProjector({
  id: 'conv',
  description: 'convolutions of 1x1 or 3x3 on a map, brought to the height and width of the target',
  options: z.strictObject({
    kernel: z
      .union([z.literal(1), z.literal(3)])
      .default(1)
      .describe('height and width of each convolution'),
    depth: z.int().min(1).max(8).default(1).describe('number of convolutions'),
    hidden: z.int().min(1).optional().describe("channels between them; the target's when left out"),
    norm: z.boolean().default(false).describe('batch norm behind the last convolution, too'),
    activation,
    spatial,
    init,
  }),
  project(m, x, target, { kernel, depth, hidden, norm, spatial: how, ...options }) {
    if (x.shape.length !== 4 || target.length !== 4 || x.shape[0] !== target[0]) {
      throw new LimbeckError(
        'SHAPE_MISMATCH',
        `projector 'conv' maps maps [N, C, H, W] to maps [N, D, H', W']; the student's feature is ${formatShape(x.shape)}, the teacher's ${formatShape(target)}`,
        { hint: "tap maps on both sides, such as 'last-map'" },
      );
    }
    const [, out, height, width] = target as [number, number, number, number];
    let y = x;
    for (let layer = 0; layer < depth; layer++) {
      const isLast = layer === depth - 1;
      const made = m.conv(`layers.${layer}`, y, {
        ...{ out: isLast ? out : (hidden ?? out), kernel, padding: (kernel - 1) / 2, bias: true },
        init: initializerOf(options.init),
      });
      const normed = isLast && !norm ? made : m.batchNorm(`norms.${layer}`, made);
      y = isLast ? activate(normed, options.activation) : relu(normed);
    }
    return resized(y, [height, width], how);
  },
});
