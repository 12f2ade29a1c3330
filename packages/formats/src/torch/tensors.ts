import { elementBytes, isBoolean, viewElements } from '../element-types.js';
import { FormatError } from '../errors.js';
import { type FileTensor, lazyTensor } from '../weights/file.js';
import { gather, isDense } from '../weights/strided.js';
import type { TorchTensor } from './storage.js';

/** How much a checkpoint's tensors together may take, as a multiple of the file. */
const expansion = 3;
const spare = 64 << 20;

/**
 * Tensors of a checkpoint as dense ones: views of the file where their elements lie one after the other. Names for the same
 * view of a storage share their elements.
 *
 * @throws FormatError BAD_FILE where views of shared storage take over three times the file and 64 MiB
 */
export function denseTensors(
  named: Iterable<readonly [string, TorchTensor]>,
  fileBytes: number,
  source: string,
): Map<string, FileTensor> {
  const tensors = new Map<string, FileTensor>();
  const known = new Map<string, FileTensor>();
  let bytes = 0;
  for (const [name, tensor] of named) {
    const { storage, dtype, offset, shape, strides } = tensor;
    const view = JSON.stringify([storage.key, dtype, offset, shape, strides]);
    const dense = known.get(view) ?? densely(name, tensor, source);
    if (!known.has(view)) bytes += tensor.byteLength;
    if (bytes > expansion * fileBytes + spare) {
      throw new FormatError(
        'BAD_FILE',
        `${source}: its tensors take over ${expansion} times the file's ${fileBytes} bytes`,
        { hint: 'in Python, save them with .contiguous()', details: { source } },
      );
    }
    known.set(view, dense);
    tensors.set(name, dense);
  }
  return tensors;
}

function densely(name: string, tensor: TorchTensor, source: string): FileTensor {
  const { storage, dtype, offset, shape, strides, byteLength } = tensor;
  const width = elementBytes(dtype);
  return lazyTensor(dtype, shape, () => {
    const data =
      byteLength === 0
        ? viewElements(dtype, new Uint8Array())
        : isDense(shape, strides)
          ? viewElements(dtype, storage.bytes.subarray(offset * width, offset * width + byteLength))
          : gather(dtype, storage.bytes, { offset, shape, strides });
    if (dtype !== 'bool' || isBoolean(data as Uint8Array)) return data;
    throw new FormatError(
      'BAD_FILE',
      `${source}: tensor '${name}' is bool but holds bytes other than 0 and 1`,
      {
        details: { source, tensor: name },
      },
    );
  });
}
