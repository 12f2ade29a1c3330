import { definePlugin } from '@limbeck/core';
import { denseNets } from './zoo.js';

export { type DenseNet, denseNet } from './densenet.js';
export { denseNets } from './zoo.js';

/** DenseNets with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-densenet',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...denseNets);
  },
});
