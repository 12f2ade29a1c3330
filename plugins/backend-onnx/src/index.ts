import { definePlugin } from '@limbeck/core';
import { onnxBackend } from './backend.js';
import { onnxExporter } from './export/exporter.js';

export { onnxBackend, onnxExporter };

/** ONNX: the compute backend on onnxruntime-node, and the exporter. */
export default definePlugin({
  name: '@limbeck/backend-onnx',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backends.add(onnxBackend);
    host.exporters.add(onnxExporter);
  },
});
