import { LimbeckError } from '@limbeck/core';
import { attr, float32ToFloat16, type OnnxModel, type OnnxNode, type OnnxTensor } from '@limbeck/formats';

/** Numbers of ONNX's element types, as `Cast` takes them. */
const [float32, float16] = [1, 10];

/**
 * A float32 model that keeps its weights, and computes, in float16: half the size. Its inputs and outputs stay float32, with
 * a `Cast` at either end.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED where a weight is beyond float16, naming it
 */
export function inFloat16(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const narrow = (name: string) => `${name}/float16`;
  const floats = (values: typeof graph.inputs) => values.filter(({ dtype }) => dtype === 'float32');
  const ends = new Set([...floats(graph.inputs), ...floats(graph.outputs)].map(({ name }) => name));
  const renamed = (name: string) => (ends.has(name) ? narrow(name) : name);
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed),
    attributes: isCastToFloat32(node) ? { to: attr.int(float16) } : node.attributes,
  }));
  const before = floats(graph.inputs).map(({ name }) => cast(name, narrow(name), float16));
  const after = floats(graph.outputs).map(({ name }) => cast(narrow(name), name, float32));
  const initializers = graph.initializers.map((tensor) =>
    tensor.dtype === 'float32' ? narrowed(tensor as OnnxTensor<'float32'>) : tensor,
  );
  return { ...model, graph: { ...graph, nodes: [...before, ...nodes, ...after], initializers } };
}

const isCastToFloat32 = ({ opType, attributes }: OnnxNode): boolean =>
  opType === 'Cast' && Number(attributes.to?.value) === float32;

const cast = (from: string, to: string, type: number): OnnxNode => ({
  opType: 'Cast',
  inputs: [from],
  outputs: [to],
  name: `/Cast:${to}`,
  attributes: { to: attr.int(type) },
});

const largest = 65504;

function narrowed({ name, shape, data }: OnnxTensor<'float32'>): OnnxTensor {
  const beyond = data.find((value) => Math.abs(value) > largest);
  if (beyond !== undefined) {
    throw new LimbeckError('BACKEND_UNSUPPORTED', `'${name}' holds ${beyond}, which float16 cannot hold`, {
      hint: `the largest number of float16 is ${largest}: export in float32`,
    });
  }
  return { name, shape, dtype: 'float16', data: float32ToFloat16(data) };
}
