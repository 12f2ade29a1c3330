import { LimbeckError } from '@limbeck/core';
import type { Exporter } from '@limbeck/core/backend';
import { encodeGraphModel, type TensorflowModel } from '@limbeck/formats';
import { exportModel, servingSignature } from './export-model.js';

/** Operators that a lowered program may hold and TensorFlow.js' executor of graphs does not know. */
const unknown: readonly string[] = [
  'AvgPoolGrad',
  'Bitcast',
  'Conv2DBackpropFilter',
  'DepthwiseConv2dNativeBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
  'FusedBatchNormGradV3',
  'MaxPoolGrad',
  'ReluGrad',
  'SparseSoftmaxCrossEntropyWithLogits',
  'UnsortedSegmentSum',
];

/** Refuses what would fail in the browser only. */
function check(name: string, { graph }: TensorflowModel): void {
  const bad = graph.nodes.find(({ op }) => unknown.includes(op));
  if (bad === undefined) return;
  throw new LimbeckError(
    'BACKEND_UNSUPPORTED',
    `'${name}' cannot be exported for TensorFlow.js, which has no ${bad.op}, at ${bad.name}`,
    { hint: "export it as 'savedmodel' or 'onnx'" },
  );
}

/** A program without state as a graph model of TensorFlow.js: a folder that a browser loads with `tf.loadGraphModel`. */
export const graphModelExporter: Exporter = {
  id: 'tfjs',
  description: 'TensorFlow.js graph model for browsers, for batches of any size',
  extension: '.tfjs',
  write(program, { metadata }) {
    const model = exportModel(program);
    check(program.name, model);
    return encodeGraphModel(model, {
      signature: servingSignature,
      metadata,
    });
  },
};
