import type { StateDict, TensorData } from '@limbeck/graph';
import { isBoolean, viewElements } from '../element-types.js';
import { FormatError, type ReadOptions } from '../errors.js';
import { float16ToFloat32 } from '../float16.js';
import { readHeader, type TensorEntry } from './header.js';

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
 * to either. F16 becomes float32, exactly; F64 becomes float32, rounded to nearest; I64 becomes int32.
 *
 * @throws FormatError BAD_FILE where the file breaks the format in any way, holds another type, an I64 value outside
 * int32, or a BOOL byte other than 0 and 1.
 */
export function readSafetensors(bytes: Uint8Array, options: ReadOptions = {}): SafetensorsFile {
  const source = options.source ?? 'safetensors data';
  const { entries, metadata, dataStart } = readHeader(bytes, source);
  const tensors = new Map<string, TensorData>();
  for (const entry of entries) {
    const content = new Uint8Array(
      bytes.buffer,
      bytes.byteOffset + dataStart + entry.begin,
      entry.end - entry.begin,
    );
    tensors.set(entry.name, readTensor(entry, content, source));
  }
  return { tensors, metadata };
}

function readTensor(entry: TensorEntry, bytes: Uint8Array, source: string): TensorData {
  const { type, shape } = entry;
  switch (type) {
    case 'F32':
      return { dtype: 'float32', shape, data: viewElements('float32', bytes) };
    case 'F16':
      return { dtype: 'float32', shape, data: float16ToFloat32(viewElements('float16', bytes)) };
    case 'F64':
      return { dtype: 'float32', shape, data: new Float32Array(viewElements('float64', bytes)) };
    case 'BF16':
      return { dtype: 'bfloat16', shape, data: viewElements('bfloat16', bytes) };
    case 'I32':
      return { dtype: 'int32', shape, data: viewElements('int32', bytes) };
    case 'I64':
      return { dtype: 'int32', shape, data: narrow(entry, bytes, source) };
    case 'I8':
      return { dtype: 'int8', shape, data: viewElements('int8', bytes) };
    case 'U8':
      return { dtype: 'uint8', shape, data: bytes };
    case 'BOOL':
      if (!isBoolean(bytes)) throw badTensor(entry, 'is BOOL but holds bytes other than 0 and 1', source);
      return { dtype: 'bool', shape, data: bytes };
  }
}

/** 64-bit integers to 32-bit ones, refusing what does not fit. */
function narrow(entry: TensorEntry, bytes: Uint8Array, source: string): Int32Array {
  const halves = viewElements('int32', bytes);
  const values = new Int32Array(halves.length / 2);
  for (let i = 0; i < values.length; i++) {
    const low = halves[2 * i]!;
    if (halves[2 * i + 1] !== low >> 31) {
      const value = viewElements('int64', bytes)[i];
      throw badTensor(entry, `holds ${value} at element ${i}, which does not fit int32`, source);
    }
    values[i] = low;
  }
  return values;
}

function badTensor(entry: TensorEntry, what: string, source: string): FormatError {
  const details = { source, tensor: entry.name };
  return new FormatError('BAD_FILE', `${source}: tensor '${entry.name}' ${what}`, { details });
}
