import { readBytes } from '../../files/read-bytes.js';

/**
 * Reads a model file whole.
 *
 * @throws LimbeckError NOT_FOUND, BAD_FILE
 */
export const readModelFile = (file: string): Uint8Array =>
  readBytes(file, 'model file', 'name a file that holds a model: .onnx');
