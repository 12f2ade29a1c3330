import {
  byteSize,
  type ElementType,
  elementArrays,
  elementBytes,
  isCount,
  mostAxes,
} from '../element-types.js';
import { FormatError } from '../errors.js';

/** Storage classes by the type of their elements; an untyped one is bytes. */
export const storageTypes: Readonly<Record<string, ElementType>> = {
  'torch.DoubleStorage': 'float64',
  'torch.FloatStorage': 'float32',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
  'torch.IntStorage': 'int32',
  'torch.ShortStorage': 'int16',
  'torch.CharStorage': 'int8',
  'torch.ByteStorage': 'uint8',
  'torch.BoolStorage': 'bool',
  'torch.storage.UntypedStorage': 'uint8',
};

/** Types of elements by the names PyTorch gives them. */
export const torchTypes: Readonly<Record<string, ElementType>> = Object.fromEntries(
  Object.keys(elementArrays).map((dtype) => [`torch.${dtype}`, dtype as ElementType]),
);

/** Memory that tensors are views of; it is read when the first of them is. */
export class TorchStorage {
  /** Tells storages of one file apart. */
  readonly key: string;
  readonly dtype: ElementType;
  /** Elements of `dtype`. */
  readonly size: number;
  readonly #read: () => Uint8Array;
  #bytes: Uint8Array | undefined;

  constructor(key: string, dtype: ElementType, size: number, read: () => Uint8Array) {
    this.key = key;
    this.dtype = dtype;
    this.size = size;
    this.#read = read;
  }

  /** `size` elements. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#read();
    return this.#bytes;
  }
}

/** A view of a storage; its places are checked to lie inside. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly dtype: ElementType;
  /** In elements, as the strides. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  /** @throws FormatError BAD_FILE where a place lies outside the storage */
  constructor(view: Pick<TorchTensor, 'storage' | 'dtype' | 'offset' | 'shape' | 'strides'>, source: string) {
    const { storage, dtype, offset, shape, strides } = view;
    if (shape.length > mostAxes) {
      throw new FormatError(
        'BAD_FILE',
        `${source}: a tensor has ${shape.length} axes, PyTorch allows ${mostAxes}`,
        {
          details: { source },
        },
      );
    }
    const width = elementBytes(dtype);
    const counts = [offset, ...shape, ...strides].every(isCount);
    const reach = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset + 1);
    const available = storage.size * elementBytes(storage.dtype);
    const inside = shape.includes(0) || reach * width <= available;
    if (!counts || shape.length !== strides.length || !inside || byteSize(shape, width) === undefined) {
      const [sizes, steps] = [shape, strides].map((list) => `[${list.slice(0, mostAxes).join(', ')}]`);
      throw new FormatError(
        'BAD_FILE',
        `${source}: a tensor of shape ${sizes} with strides ${steps} from element ${offset} on does not lie in its ` +
          `storage '${storage.key}' of ${storage.size} elements`,
        { details: { source } },
      );
    }
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  /** Bytes of the elements, laid out densely. */
  get byteLength(): number {
    return byteSize(this.shape, elementBytes(this.dtype))!;
  }
}
