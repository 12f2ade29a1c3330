import type { KernelValues, Tfjs } from '../tfjs.js';
import { conv2d, conv2dInputGradient, conv2dWeightGradient } from './convolution.js';
import { binary, unary } from './elementwise.js';
import { pad, reverse, slice, stridedSlice, tile, transpose } from './movers.js';
import type { Plain } from './plain.js';
import { mean, sum } from './reduce.js';

/**
 * Kernels that stand for those of tfjs in plain JavaScript, by the names of the latter. Those compute every element's
 * coordinates anew where operands are moved, stretched or summed up over axes that are not the last: on a map of
 * [8, 32, 32, 16] they take ten times as long (Transpose, Tile), forty (Sum, Mean), some hundreds (PadV2, Reverse) and more
 * (Slice); their convolutions take four to nine times as long, the gradient for the weights sixty.
 */
const plainKernels: Readonly<Record<string, (inputs: never, attributes: never) => Plain>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Multiply: binary((a, b) => a * b),
  RealDiv: binary((a, b) => a / b),
  // those of tfjs give 0 for NaN, and NaN for 1 to the power NaN
  Sign: unary(Math.sign),
  Pow: binary(power),
  Maximum: binary(Math.max),
  Minimum: binary(Math.min),
  SquaredDifference: binary((a, b) => (a - b) * (a - b)),
  Less: binary((a, b) => (a < b ? 1 : 0), 'bool'),
  Equal: binary((a, b) => (a === b ? 1 : 0), 'bool'),
  NotEqual: binary((a, b) => (a === b ? 0 : 1), 'bool'),
  Transpose: transpose,
  Slice: slice,
  StridedSlice: stridedSlice,
  Reverse: reverse,
  Tile: tile,
  PadV2: pad,
  Sum: sum,
  Mean: mean,
  Conv2D: conv2d,
  Conv2DBackpropInput: conv2dInputGradient,
  Conv2DBackpropFilter: conv2dWeightGradient,
};

/** As IEEE 754 has it, and JavaScript has not: 1 to whatever power is 1, and so is -1 to an infinite one. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;
}

/** What a kernel is called by on the device `cpu`: ours, where there is one, has a name of its own beside that of tfjs. */
export const plainName = (kernel: string): string =>
  Object.hasOwn(plainKernels, kernel) ? `limbeck.${kernel}` : kernel;

/** What is used of a tensor and of tfjs' backend in plain JavaScript. */
interface Known {
  readonly dataId: object;
  readonly shape: readonly number[];
  readonly dtype: Plain['dtype'];
}

interface PlainBackend {
  readonly data: { get(id: object): { readonly values: KernelValues } };
  makeTensorInfo(shape: readonly number[], dtype: Plain['dtype'], values: KernelValues): Known;
}

interface Call {
  readonly inputs: Readonly<Record<string, Known>>;
  readonly attrs: object;
  readonly backend: PlainBackend;
}

/** Makes tfjs know our kernels. */
export function registerPlainKernels(tf: Tfjs): void {
  for (const [kernel, compute] of Object.entries(plainKernels)) {
    const kernelName = plainName(kernel);
    if (tf.getKernel(kernelName, 'cpu')) continue;
    const kernelFunc = ({ inputs, attrs, backend }: Call): Known => {
      const given = Object.entries(inputs).map(([name, { dataId, shape, dtype }]): [string, Plain] => [
        name,
        { shape, dtype, values: backend.data.get(dataId).values },
      ]);
      const { shape, dtype, values } = compute(Object.fromEntries(given) as never, attrs as never);
      return backend.makeTensorInfo(shape, dtype, values);
    };
    tf.registerKernel({ kernelName, backendName: 'cpu', kernelFunc: kernelFunc as never });
  }
}
