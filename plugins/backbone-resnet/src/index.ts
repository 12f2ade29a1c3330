import { definePlugin } from '@limbeck/core';
import { cifarResNets } from './zoo.js';

export { type CifarResNet, cifarResNet } from './cifar.js';
export { cifarResNets } from './zoo.js';

/** CIFAR ResNets with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-resnet',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...cifarResNets);
  },
});
