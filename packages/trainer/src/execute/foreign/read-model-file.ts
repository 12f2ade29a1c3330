import { selfContained } from '@limbeck/formats';
import { besideOf, readBytes } from '../../files/read-bytes.js';

/**
 * Reads a model file whole, with the weights that it keeps in files beside it.
 *
 * @param source what messages call it
 *
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export const readModelFile = (file: string, source = file): Uint8Array =>
  selfContained(readBytes(file, 'model file', 'name a file that holds a model: .onnx'), {
    source,
    beside: besideOf(file),
  });
