import { mean, mul, relu, reshape, softmax, sum, type Tensor } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { z } from 'zod';

/** How several projections become one. */
export const integration = z
  .enum(['mean', 'sum', 'learned', 'concat'])
  .default('mean')
  .describe(
    'how projections become one: their mean, their sum, a mean with learnt weights, or a 1x1 convolution (batch norm, ReLU) over all of them',
  );

/** @param projections [N, count, out, H, W] -> [N, out, H, W] */
export function integrate(m: Scope, projections: Tensor, how: z.infer<typeof integration>): Tensor {
  const [n, count, out, height, width] = projections.shape as [number, number, number, number, number];
  switch (how) {
    case 'mean':
      return mean(projections, { axis: 1 });
    case 'sum':
      return sum(projections, { axis: 1 });
    case 'learned': {
      // equal at first, and always a mean
      const share = softmax(m.parameter('weight', [1, count], zeros));
      return sum(mul(projections, reshape(share, [count, 1, 1, 1])), { axis: 1 });
    }
    case 'concat': {
      const all = reshape(projections, [n, count * out, height, width]);
      return relu(m.batchNorm('bn', m.conv('conv', all, { out, kernel: 1 })));
    }
  }
}
