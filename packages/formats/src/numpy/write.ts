import { bytesOf, checkTensor } from '../element-types.js';
import { FormatError } from '../errors.js';
import type { FileTensor } from '../weights/file.js';
import { metadataComment } from '../weights/metadata.js';
import { writeZip } from '../zip/write.js';
import { magic, typeCodes } from './header.js';

/** The elements start at a multiple of this, as NumPy has it. */
const alignment = 64;

/**
 * Writes a .npz archive as `numpy.savez` does, uncompressed. Metadata become the archive's comment, which NumPy passes
 * over. The same tensors in the same order give the same bytes.
 *
 * @throws FormatError BAD_DATA for bfloat16, which NumPy does not have, for a name twice, for an archive of 4 GiB
 */
export function writeNpz(
  tensors: Iterable<readonly [string, FileTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const seen = new Set<string>();
  const entries = [...tensors].map(([name, tensor]) => {
    if (seen.has(name)) throw new FormatError('BAD_DATA', `the tensor name '${name}' occurs twice`);
    seen.add(name);
    return [`${name}.npy`, npyBytes(name, tensor)] as const;
  });
  return writeZip(entries, metadataComment(metadata));
}

function npyBytes(name: string, tensor: FileTensor): Uint8Array {
  checkTensor(name, tensor);
  const { dtype, shape, data } = tensor;
  const code = typeCodes[dtype];
  if (code === undefined) {
    throw new FormatError('BAD_DATA', `tensor '${name}' is ${dtype}, which NumPy does not have`, {
      hint: "convert it to float32; 'limbeck convert' does so with --dtype float32",
      details: { tensor: name },
    });
  }
  const order = data.BYTES_PER_ELEMENT === 1 ? '|' : '<';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const headerSize = Math.ceil((10 + text.length + 1) / alignment) * alignment;
  const bytes = new Uint8Array(headerSize + data.byteLength).fill(0x20, 0, headerSize);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, headerSize - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[headerSize - 1] = 0x0a;
  bytes.set(bytesOf(data), headerSize);
  return bytes;
}
