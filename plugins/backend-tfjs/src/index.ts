import { definePlugin } from '@limbeck/core';
import { tfjsBackend } from './backend.js';
import { graphModelExporter } from './export/graph-model.js';
import { savedModelExporter } from './export/saved-model.js';
import { tfjsKernelsBackend } from './kernels/node/backend.js';

export { type FoundPackage, findPackage } from './session/runtime.js';
export { graphModelExporter, savedModelExporter, tfjsBackend, tfjsKernelsBackend };

/** TensorFlow: compute backends on tfjs-node, and on the kernels of tfjs. */
export default definePlugin({
  name: '@limbeck/backend-tfjs',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backends.add(tfjsBackend, tfjsKernelsBackend);
    host.exporters.add(savedModelExporter, graphModelExporter);
  },
});
