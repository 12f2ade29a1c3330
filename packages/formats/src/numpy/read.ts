import { stridesOf } from '@limbeck/graph';
import { type ElementArray, type ElementType, isBoolean, viewElements } from '../element-types.js';
import { FormatError, type ReadOptions } from '../errors.js';
import { type FileTensor, lazyTensor, type WeightsFile } from '../weights/file.js';
import { readMetadata } from '../weights/metadata.js';
import { gather, isDense } from '../weights/strided.js';
import { openZip } from '../zip/read.js';
import { type NpyHeader, readNpyHeader } from './header.js';

/** The name of the tensor in a .npy file, which has none, as NumPy calls it in an archive. */
const unnamed = 'arr_0';

/**
 * Reads a .npy file: one array, called `arr_0`. All integer, float and boolean types are read, in either byte order and
 * memory order; elements are views of `bytes` where they lie as they are meant.
 *
 * @throws FormatError BAD_FILE; arrays of Python objects are refused
 */
export function readNpy(bytes: Uint8Array, options: ReadOptions = {}): WeightsFile {
  const source = options.source ?? 'NumPy data';
  const array = readArray(bytes, source);
  if (typeof array === 'string') throw notNumbers(source);
  return { format: 'npy', tensors: new Map([[unnamed, array]]), metadata: Object.create(null) };
}

/**
 * Reads a .npz archive of arrays, compressed or not. Text arrays of one element are metadata, and so is the archive's
 * comment where this package wrote it.
 *
 * @throws FormatError BAD_FILE where the archive or an array is damaged, or unpacks to over three times the file's size and 64 MiB
 */
export function readNpz(bytes: Uint8Array, options: ReadOptions = {}): WeightsFile {
  const source = options.source ?? 'npz data';
  const archive = openZip(bytes, source);
  const tensors = new Map<string, FileTensor>();
  const metadata = readMetadata(archive.comment);
  for (const entry of archive.names) {
    const name = /^(.*)\.npy$/s.exec(entry)?.[1];
    if (name === undefined) {
      throw new FormatError('BAD_FILE', `${source}: the entry '${entry}' is no NumPy array`, {
        details: { source, entry },
      });
    }
    const array = readArray(archive.read(entry), `${source}: array '${name}'`);
    if (typeof array === 'string') metadata[name] = array;
    else tensors.set(name, array);
  }
  return { format: 'npz', tensors, metadata };
}

/** An array of numbers, or the text that one of a single element holds. */
function readArray(bytes: Uint8Array, source: string): FileTensor | string {
  const header = readNpyHeader(bytes, source);
  const content = bytes.subarray(header.dataStart);
  const { dtype, shape } = header;
  if (dtype === 'text') {
    if (header.bytesPerElement !== content.length) throw notNumbers(source);
    return readText(content, header.bigEndian, source);
  }
  if (dtype === 'bool' && !isBoolean(content)) {
    throw new FormatError('BAD_FILE', `${source}: a boolean array holds bytes other than 0 and 1`, {
      details: { source },
    });
  }
  return lazyTensor(dtype, shape, () => elements(content, { ...header, dtype }));
}

function elements(content: Uint8Array, header: NpyHeader & { dtype: ElementType }): ElementArray {
  const { dtype, bytesPerElement, bigEndian, fortranOrder, shape } = header;
  const native = bigEndian && bytesPerElement > 1 ? byteSwapped(content, bytesPerElement) : content;
  // the first axis runs fastest
  const strides = stridesOf(shape.toReversed()).reverse();
  return fortranOrder && !isDense(shape, strides)
    ? gather(dtype, native, { offset: 0, shape, strides })
    : viewElements(dtype, native);
}

function byteSwapped(bytes: Uint8Array, width: number): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++)
    swapped[at - (at % width) + width - 1 - (at % width)] = bytes[at]!;
  return swapped;
}

function readText(content: Uint8Array, bigEndian: boolean, source: string): string {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  let text = '';
  for (let at = 0; at + 4 <= content.length; at += 4) {
    const point = view.getUint32(at, !bigEndian);
    if (point > 0x10ffff) throw new FormatError('BAD_FILE', `${source}: its text is not Unicode`);
    text += String.fromCodePoint(point);
  }
  return text.replace(/\0+$/, '');
}

const notNumbers = (source: string): FormatError =>
  new FormatError('BAD_FILE', `${source}: an array of text is no tensor`, { details: { source } });
