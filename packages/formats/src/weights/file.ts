import type { ElementArrays, ElementType } from '../element-types.js';

/** A tensor as a file has it. Its elements may be views of the file, or computed when `data` is first asked for. */
export interface FileTensor<T extends ElementType = ElementType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  /**
   * Row-major and dense; see {@link ElementArrays}.
   *
   * @throws FormatError BAD_FILE where the file turns out damaged
   */
  readonly data: ElementArrays[T];
}

/** Formats that weights are read from. */
export const weightsFormats = ['safetensors', 'pth', 'npz', 'npy', 'onnx'] as const;
/** A file format that weights are read from. */
export type WeightsFormat = (typeof weightsFormats)[number];

/** Named tensors, whatever they are kept in. */
export interface WeightsFile {
  readonly format: WeightsFormat;
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, FileTensor>;
  /** Where they stood among the entries of a checkpoint; absent where they are all of it. */
  readonly entry?: string;
  /** Names whose values are no plain data, with the class or function that would have made them. */
  readonly unread?: ReadonlyMap<string, string>;
  /** What the file says besides, as text; an object without prototype. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor whose elements are made when they are first asked for, and kept. */
export function lazyTensor<T extends ElementType>(
  dtype: T,
  shape: readonly number[],
  make: () => ElementArrays[T],
): FileTensor<T> {
  let made: ElementArrays[T] | undefined;
  return {
    dtype,
    shape,
    get data() {
      made ??= make();
      return made;
    },
  };
}
