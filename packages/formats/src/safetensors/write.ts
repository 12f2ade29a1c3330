import { bytesPerElement, type DType, type TensorData } from '@limbeck/graph';
import { bytesOf, checkTensor } from '../element-types.js';
import { FormatError } from '../errors.js';
import { isUnicode } from '../json.js';
import { type FileType, maxHeaderBytes, metadataKey, prefixBytes } from './header.js';

const fileTypeOf: Readonly<Record<DType, FileType>> = {
  float32: 'F32',
  bfloat16: 'BF16',
  int32: 'I32',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

/** Where the tensors' bytes start: every element type is aligned there. */
const alignment = 8;

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
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const named = new Map<string, TensorData>();
  for (const [name, tensor] of tensors) {
    checkName(name);
    if (named.has(name)) throw new FormatError('BAD_DATA', `the tensor name '${name}' occurs twice`);
    checkTensor(name, tensor);
    named.set(name, tensor);
  }
  const layout = [...named].sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  const offsets = new Map<string, number>();
  let dataBytes = 0;
  for (const [name, tensor] of layout) {
    offsets.set(name, dataBytes);
    dataBytes += tensor.data.byteLength;
  }

  const header = headerBytes(named, offsets, metadata);
  const file = new Uint8Array(prefixBytes + header.byteLength + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  file.set(header, prefixBytes);
  const dataStart = prefixBytes + header.byteLength;
  for (const [name, tensor] of named) file.set(bytesOf(tensor.data), dataStart + offsets.get(name)!);
  return file;
}

function headerBytes(
  tensors: ReadonlyMap<string, TensorData>,
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
  for (const [name, { dtype, shape, data }] of tensors) {
    const begin = offsets.get(name)!;
    const info = { dtype: fileTypeOf[dtype], shape, data_offsets: [begin, begin + data.byteLength] };
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
