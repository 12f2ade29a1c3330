import { definePlugin } from '@limbeck/core';
import { cifarResNets, fourStageResNets } from './zoo.js';

export { type CifarResNet, cifarResNet } from './cifar.js';
export { type FourStageResNet, fourStageResNet } from './four-stages.js';
export { cifarResNets, fourStageResNets } from './zoo.js';

/** ResNets for CIFAR and ImageNet with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-resnet',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...cifarResNets, ...fourStageResNets);
  },
});
