import { definePlugin } from '@limbeck/core';
import classifierSharing from './classifier-sharing.js';

export { bottleneck } from './bottleneck.js';
export { classifierSharing };

/** Students that predict through their teacher's classifier. */
export default definePlugin({
  name: '@limbeck/distill-classifier-sharing',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.distillers.add(classifierSharing);
  },
});
