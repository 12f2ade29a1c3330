import type { StateDict } from '@limbeck/graph';
import { isBoolean, viewElements } from '../element-types.js';
import { FormatError, type ReadOptions } from '../errors.js';
import { type FileTensor, lazyTensor, type WeightsFile } from '../weights/file.js';
import { toStateDict } from '../weights/tensor-data.js';
import { readHeader, typeNames } from './header.js';

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** In the order of the header. */
  readonly tensors: StateDict;
  /** Free text about the file; an object without prototype. */
  readonly metadata: Record<string, string>;
}

/**
 * Reads a safetensors file.
 *
 * F32, BF16, I32, I8, U8 and BOOL are taken as they are, as views of `bytes` where the alignment allows: do not write
 * to either. F16 becomes float32, exactly; F64 becomes float32, rounded to nearest; other integers become int32.
 *
 * @throws FormatError BAD_FILE where the file breaks the format in any way, holds another type, an integer outside
 * int32, or a BOOL byte other than 0 and 1.
 */
export function readSafetensors(bytes: Uint8Array, options: ReadOptions = {}): SafetensorsFile {
  const source = sourceOf(options);
  const { tensors, metadata } = openSafetensors(bytes, options);
  return { tensors: toStateDict(tensors, source), metadata };
}

/**
 * Opens a safetensors file: its tensors in the element types it has.
 *
 * @throws FormatError BAD_FILE where the file breaks the format in any way or holds another type
 */
export function openSafetensors(
  bytes: Uint8Array,
  options: ReadOptions = {},
): WeightsFile & { readonly metadata: Record<string, string> } {
  const source = sourceOf(options);
  const { entries, metadata, dataStart } = readHeader(bytes, source);
  const tensors = new Map<string, FileTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const content = new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart + begin, end - begin);
    if (dtype === 'bool' && !isBoolean(content)) {
      const what = `tensor '${name}' is ${typeNames.bool} but holds bytes other than 0 and 1`;
      throw new FormatError('BAD_FILE', `${source}: ${what}`, { details: { source, tensor: name } });
    }
    tensors.set(
      name,
      lazyTensor(dtype, shape, () => viewElements(dtype, content)),
    );
  }
  return { format: 'safetensors', tensors, metadata };
}

const sourceOf = ({ source }: ReadOptions): string => source ?? 'safetensors data';
