import { selfContained } from '@limbeck/formats';
import { besideOf, readBytes } from '../../files/read-bytes.js';

/**
 * Reads a model file whole, with the weights that it keeps in files beside it.
 *
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export const readModelFile = (file: string): Uint8Array =>
  selfContained(readBytes(file, 'model file', 'name a file that holds a model: .onnx'), {
    source: file,
    beside: besideOf(file),
  });
