import { formatShape, sameShape } from '../dtype.js';
import { GraphError } from '../errors.js';
import { isConstant } from '../leaves.js';
import { composite, type Gradients } from '../operation.js';
import { less } from '../ops/compare.js';
import { requireFloat } from '../ops/reference.js';
import { where } from '../ops/select.js';
import type { Tensor } from '../tensor.js';

/**
 * Gradient of a ReLU: `dy` where the ReLU's result `y` is above zero, else 0, whatever `dy` is there: a gradient that is not
 * finite does not pass a closed ReLU, as in PyTorch. dy and y are float and have one shape.
 */
export const reluGradient = composite<'reluGradient', [dy: Tensor, y: Tensor]>(
  'reluGradient',
  (dy, y) => {
    requireFloat('reluGradient', y, y.graph.scope);
    if (sameShape(dy.shape, y.shape)) return where(less(0, y), dy, 0);
    throw new GraphError(
      'GRAPH_SHAPE',
      `reluGradient: the result is ${formatShape(y.shape)}, its gradient ${formatShape(dy.shape)}`,
      y.graph.scope,
    );
  },
  {
    grad: (dz, [, y]): Gradients => [reluGradient(dz, y!), null],
    samples: [
      { inputs: [{ shape: [2, 3, 4, 4] }, { shape: [2, 3, 4, 4], differentiable: false }] },
      {
        inputs: [
          {
            shape: [8],
            values: [1, Number.NaN, Infinity, -Infinity, -1, Infinity, -2, 3],
            differentiable: false,
          },
          { shape: [8], values: [0, 0, 0, -0, -0, Infinity, 1, 0.5], differentiable: false },
        ],
      },
    ],
  },
);

/** Operations whose results mix what they read: a value that is not finite has reached whole maps behind them. */
const mixing: ReadonlySet<string> = new Set([
  'conv2d',
  'conv2dInputGradient',
  'batchNormInputGradient',
  'matmul',
]);

/** Operations that hand on what their first input holds. */
const handing: ReadonlySet<string> = new Set([
  'avgPoolGradient',
  'broadcastTo',
  'maxPoolGradient',
  'reluGradient',
  'reshape',
  'transpose',
]);

/**
 * True where a gradient comes out of layers - convolutions, normalisations, products of matrices, and sums of what they
 * give. Where it is not finite there, no ReLU can keep that from the weights. A backend may then multiply `dy` by a step,
 * which is faster than to choose; everywhere else a product would make NaN of an infinite gradient that a closed ReLU
 * stops, such as that of sqrt(relu(x)) at 0.
 */
export function isLayerGradient(dy: Tensor): boolean {
  const seen = new Set<Tensor>();
  const waiting = [dy];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const { name } = node.operation;
    if (mixing.has(name)) continue;
    if (name === 'add') waiting.push(...node.inputs);
    else if (name === 'mul') waiting.push(...node.inputs.filter((input) => !isConstant(input)));
    else if (handing.has(name)) waiting.push(node.inputs[0]!);
    else return false;
  }
  return true;
}
