import { definePlugin } from '@limbeck/core';
import { wrn } from './wide-resnet.js';
import { wideResNets } from './zoo.js';

export { type WideResNet, wideResNet, wrn } from './wide-resnet.js';
export { wideResNets } from './zoo.js';

/** Wide ResNets with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-wrn',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...wideResNets, wrn);
  },
});
