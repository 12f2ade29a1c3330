import { encodeOnnx, type OnnxGraph } from '@limbeck/formats';

/** A model of one operation, y of its inputs: what tells something about the runtime that it does not say itself. */
export function probeModel(
  { opType, domain = '' }: { opType: string; domain?: string },
  operands: readonly string[],
  {
    inputs,
    outputs,
    initializers = [],
  }: Pick<OnnxGraph, 'inputs' | 'outputs'> & Partial<Pick<OnnxGraph, 'initializers'>>,
): Uint8Array {
  const standard = { domain: '', version: 20 };
  return encodeOnnx({
    irVersion: 9,
    opsetImports: domain === '' ? [standard] : [standard, { domain, version: 1 }],
    producerName: 'limbeck',
    metadata: {},
    graph: {
      name: 'probe',
      nodes: [{ opType, domain, inputs: [...operands], outputs: ['y'], name: 'probe', attributes: {} }],
      inputs,
      outputs,
      initializers,
    },
  });
}
