import { byteSize, bytesOf, checkTensor, type ElementType, elementBytes } from '../element-types.js';
import { FormatError } from '../errors.js';
import { isUnicode } from '../json.js';
import type { FileTensor } from '../weights/file.js';
import { maxHeaderBytes, metadataKey, prefixBytes, typeNames } from './header.js';

/** Where the tensors' bytes start: every element type is aligned there. */
const alignment = 8;

/** A tensor of a file before its values are known. */
export interface SafetensorsTensor {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
}

/** A safetensors file without the tensors' values. */
export interface SafetensorsLayout {
  /** The beginning of the file: length, header, padding. */
  readonly header: Uint8Array;
  /** Where each tensor's bytes begin in the file, by name, in the order given. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Length of the file. */
  readonly bytes: number;
}

/**
 * Writes a safetensors file. The same tensors in the same order with the same metadata give the same bytes.
 *
 * The header lists the metadata first and then the tensors in the order given. Their data starts at a multiple of eight
 * bytes and is laid out by falling element size, in the order given among equals, so that each tensor is aligned and
 * reading it back copies nothing.
 *
 * @throws FormatError BAD_DATA where a name occurs twice, is `__metadata__` or no Unicode text, where a tensor's data
 * does not fit its type and shape, or where the header would pass the format's 100 MB.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, FileTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const given = [...tensors];
  for (const [name, tensor] of given) checkTensor(name, tensor);
  const { header, offsets, bytes } = layoutSafetensors(given, metadata);
  const file = new Uint8Array(bytes);
  file.set(header);
  for (const [name, { data }] of given) file.set(bytesOf(data), offsets.get(name)!);
  return file;
}

/**
 * Lays a file out as {@link writeSafetensors} does, for those who write the values themselves or seek in such a file. The
 * tensors' places do not depend on the metadata, counted from the end of the header.
 *
 * @throws FormatError BAD_DATA as {@link writeSafetensors}
 */
export function layoutSafetensors(
  tensors: Iterable<readonly [string, SafetensorsTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsLayout {
  const named = new Map<string, SafetensorsTensor>();
  for (const [name, tensor] of tensors) {
    checkName(name);
    if (named.has(name)) throw new FormatError('BAD_DATA', `the tensor name '${name}' occurs twice`);
    named.set(name, tensor);
  }
  const inFile = [...named].sort(([, a], [, b]) => elementBytes(b.dtype) - elementBytes(a.dtype));
  const begins = new Map<string, number>();
  let dataBytes = 0;
  for (const [name, tensor] of inFile) {
    begins.set(name, dataBytes);
    dataBytes += tensorBytes(name, tensor);
  }
  const json = headerBytes(named, begins, metadata);
  const header = new Uint8Array(prefixBytes + json.byteLength);
  new DataView(header.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  header.set(json, prefixBytes);
  const offsets = new Map([...named.keys()].map((name) => [name, header.byteLength + begins.get(name)!]));
  return { header, offsets, bytes: header.byteLength + dataBytes };
}

function tensorBytes(name: string, tensor: SafetensorsTensor): number {
  const bytes = byteSize(tensor.shape, elementBytes(tensor.dtype));
  if (bytes !== undefined) return bytes;
  throw new FormatError('BAD_DATA', `tensor '${name}' has the impossible shape [${tensor.shape.join(', ')}]`);
}

function headerBytes(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  offsets: ReadonlyMap<string, number>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // Put together entry by entry: an object would sort keys such as '1' first and lose '__proto__'.
  const entries: string[] = [];
  const texts = Object.entries(metadata).map(([key, value]) => {
    if (typeof value !== 'string' || !isUnicode(key) || !isUnicode(value)) {
      throw new FormatError('BAD_DATA', `the metadata '${key}' is not Unicode text`);
    }
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  });
  if (texts.length > 0) entries.push(`"${metadataKey}":{${texts.join(',')}}`);
  for (const [name, tensor] of tensors) {
    const { dtype, shape } = tensor;
    const begin = offsets.get(name)!;
    const info = {
      dtype: typeNames[dtype],
      shape,
      data_offsets: [begin, begin + tensorBytes(name, tensor)],
    };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
  }
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const padded = Math.ceil(json.byteLength / alignment) * alignment;
  if (padded > maxHeaderBytes) {
    throw new FormatError(
      'BAD_DATA',
      `the header takes ${padded} bytes, safetensors allows ${maxHeaderBytes}`,
    );
  }
  const header = new Uint8Array(padded).fill(0x20);
  header.set(json);
  return header;
}

function checkName(name: string): void {
  if (name === metadataKey) throw new FormatError('BAD_DATA', `'${metadataKey}' cannot name a tensor`);
  if (!isUnicode(name)) throw new FormatError('BAD_DATA', `the tensor name '${name}' is not Unicode text`);
}
