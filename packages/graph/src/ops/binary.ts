import { broadcastShapes } from '../broadcast.js';
import { formatShape } from '../dtype.js';
import { GraphError } from '../errors.js';
import { type Gradients, type PrimitiveDeclaration, primitive, type TensorType } from '../operation.js';
import { binarySamples } from '../samples.js';
import type { Operand, Tensor } from '../tensor.js';
import { equal, less, logicalAnd, logicalNot } from './compare.js';
import { broadcasting, requireFloat, requireNumber } from './reference.js';
import { where } from './select.js';
import { log, neg } from './unary.js';

type Binary = [a: Operand, b: Operand];

/** The common type of two broadcast operands. */
export function inferBinary(name: string, [a, b]: readonly TensorType[], scope: string): TensorType {
  if (a!.dtype !== b!.dtype) {
    throw new GraphError(
      'GRAPH_SHAPE',
      `${name}: element types differ, ${a!.dtype} ${formatShape(a!.shape)} and ${b!.dtype} ${formatShape(b!.shape)}`,
      scope,
    );
  }
  return { shape: broadcastShapes(name, a!.shape, b!.shape, scope), dtype: a!.dtype };
}

/** What every elementwise function of two broadcast tensors has in common. */
const binary = (
  name: string,
  f: (a: number, b: number) => number,
  grad: (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Gradients,
  samples: readonly Parameters<typeof binarySamples>[0][],
  accept: typeof requireNumber = requireNumber,
): PrimitiveDeclaration<Record<never, never>> => ({
  infer: (inputs, _, scope) => accept(name, inferBinary(name, inputs, scope), scope),
  grad: (dy, [a, b], y) => grad(dy, a!, b!, y),
  reference: broadcasting(f),
  samples: binarySamples(samples[0]!, samples[1]),
});

const around = { from: -2, to: 2 };
const positive = { from: 0.5, to: 2 };

/** As IEEE 754 and PyTorch have it, and JavaScript has not: 1 to whatever power is 1, and so is -1 to an infinite one. */
const power = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;

/** a + b. */
export const add = primitive<'add', Binary>(
  'add',
  binary(
    'add',
    (a, b) => a + b,
    (dy) => [dy, dy],
    [around],
  ),
);

/** a - b. */
export const sub = primitive<'sub', Binary>(
  'sub',
  binary(
    'sub',
    (a, b) => a - b,
    (dy) => [dy, neg(dy)],
    [around],
  ),
);

/** a * b, elementwise. */
export const mul = primitive<'mul', Binary>(
  'mul',
  binary(
    'mul',
    (a, b) => a * b,
    (dy, a, b): Gradients => [mul(dy, b), mul(dy, a)],
    [around],
  ),
);

/** a / b, elementwise; floating point only, since runtimes disagree on integers. */
export const div = primitive<'div', Binary>(
  'div',
  binary(
    'div',
    (a, b) => a / b,
    (dy, _, b, y): Gradients => [div(dy, b), neg(div(mul(dy, y), b))],
    [around, positive],
    requireFloat,
  ),
);

/** The larger of the two; where they are equal each gets half the gradient, as in PyTorch. */
export const maximum = primitive<'maximum', Binary>(
  'maximum',
  binary('maximum', Math.max, (dy, a, b) => [share(dy, b, a), share(dy, a, b)], [around]),
);

/** The smaller of the two; where they are equal each gets half the gradient, as in PyTorch. */
export const minimum = primitive<'minimum', Binary>(
  'minimum',
  binary('minimum', Math.min, (dy, a, b) => [share(dy, a, b), share(dy, b, a)], [around]),
);

/** a to the power b; floating point only. Gradients at a = 0 are as in PyTorch: finite for b >= 1 and 0 for b = 0. */
export const pow = primitive<'pow', Binary>(
  'pow',
  binary(
    'pow',
    power,
    (dy, a, b, y): Gradients => [
      mul(dy, where(equal(b, 0), 0, mul(b, pow(a, sub(b, 1))))),
      mul(dy, where(logicalAnd(equal(a, 0), logicalNot(less(b, 0))), 0, mul(y, log(a)))),
    ],
    [positive, around],
    requireFloat,
  ),
);

/** dy where low < high, half of it where they are equal, else 0. */
const share = (dy: Tensor, low: Tensor, high: Tensor): Tensor =>
  where(less(low, high), dy, where(equal(low, high), mul(dy, 0.5), 0));
