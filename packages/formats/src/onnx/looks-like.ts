import { openProto } from '../protobuf/reader.js';
import { fields } from './numbers.js';

/** Field numbers of a model, read or not, up to those of local functions and devices. */
const known: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26]);

/** Whether bytes are laid out as an ONNX model is, field by field, with a graph among them; nothing inside is looked at. */
export function looksLikeOnnx(bytes: Uint8Array): boolean {
  let hasGraph = false;
  try {
    const reader = openProto(bytes, { source: '' });
    while (reader.next()) {
      if (!known.has(reader.field)) return false;
      hasGraph ||= reader.field === fields.model.graph;
    }
  } catch {
    return false;
  }
  return hasGraph;
}
