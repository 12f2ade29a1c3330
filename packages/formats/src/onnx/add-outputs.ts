import { ProtoWriter } from '../protobuf/writer.js';
import { fields } from './numbers.js';

/**
 * An `.onnx` file whose graph gives further values of its own, such as features in between. Protobuf joins the parts of
 * a message that comes in two, so the file stays as it is, byte for byte, and the additions follow it: nothing that
 * {@link decodeOnnx} passes over is lost.
 *
 * @param names of values the graph computes and does not give yet
 */
export function addOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const writer = new ProtoWriter();
  writer.message(fields.model.graph, (graph) => {
    for (const name of names) {
      graph.message(fields.graph.output, (value) => value.string(fields.value.name, name));
    }
  });
  const added = writer.finish();
  const joined = new Uint8Array(bytes.length + added.length);
  joined.set(bytes);
  joined.set(added, bytes.length);
  return joined;
}
