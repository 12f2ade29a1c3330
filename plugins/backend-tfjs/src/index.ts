import { definePlugin } from '@limbeck/core';
import { tfjsBackend } from './backend.js';

export { type FoundPackage, findPackage } from './session/runtime.js';
export { tfjsBackend };

/** TensorFlow: the compute backend on tfjs-node. */
export default definePlugin({
  name: '@limbeck/backend-tfjs',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backends.add(tfjsBackend);
  },
});
