import { fromBfloat16, toBfloat16 } from '@limbeck/graph';
import type { ElementArrays } from '../element-types.js';
import { FormatError } from '../errors.js';
import { float16ToFloat32, float32ToFloat16 } from '../float16.js';
import { type FileTensor, lazyTensor } from './file.js';

/** Element types that weights are converted to. */
export const floatTypes = ['float64', 'float32', 'float16', 'bfloat16'] as const;
/** A floating-point element type that weights can be written in. */
export type FloatType = (typeof floatTypes)[number];

const isFloat = (tensor: FileTensor): tensor is FileTensor<FloatType> =>
  (floatTypes as readonly string[]).includes(tensor.dtype);

/**
 * Tensors with their floats in another type, by way of float32, rounded to nearest, ties to even; integers and booleans stay
 * as they are.
 *
 * @throws FormatError BAD_DATA where `dtype` is float16 and a finite value becomes infinite
 */
export function castFloats(
  tensors: ReadonlyMap<string, FileTensor>,
  dtype: FloatType,
): ReadonlyMap<string, FileTensor> {
  const made = new Map<FileTensor, FileTensor>();
  const cast = (name: string, tensor: FileTensor): FileTensor => {
    if (!isFloat(tensor) || tensor.dtype === dtype) return tensor;
    const known = made.get(tensor) ?? lazyTensor(dtype, tensor.shape, () => converted(name, tensor, dtype));
    made.set(tensor, known);
    return known;
  };
  return new Map([...tensors].map(([name, tensor]) => [name, cast(name, tensor)]));
}

function converted(name: string, tensor: FileTensor<FloatType>, dtype: FloatType): ElementArrays[FloatType] {
  if (dtype === 'float64')
    return tensor.dtype === 'float64' ? tensor.data : new Float64Array(toFloat32(tensor));
  const singles = toFloat32(tensor);
  if (dtype === 'float32') return singles;
  if (dtype === 'bfloat16') return Uint16Array.from(singles, toBfloat16);
  const halves = float32ToFloat16(singles);
  const lost = halves.findIndex((half, i) => (half & 0x7fff) === 0x7c00 && Number.isFinite(singles[i]));
  if (lost === -1) return halves;
  throw new FormatError(
    'BAD_DATA',
    `tensor '${name}' holds ${singles[lost]} at element ${lost}, beyond float16`,
    {
      hint: 'choose bfloat16, whose range is that of float32',
      details: { tensor: name },
    },
  );
}

function toFloat32({ dtype, data }: FileTensor<FloatType>): Float32Array {
  switch (dtype) {
    case 'float64':
      return new Float32Array(data as Float64Array);
    case 'float32':
      return data as Float32Array;
    case 'float16':
      return float16ToFloat32(data as Uint16Array);
    case 'bfloat16':
      return Float32Array.from(data as Uint16Array, fromBfloat16);
  }
}
