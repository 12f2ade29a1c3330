import { definePlugin } from '@limbeck/core';
import { mobileNets } from './zoo.js';

export { type CifarMobileNetV2, cifarMobileNetV2 } from './cifar-mobilenet-v2.js';
export { mobileNetV1 } from './mobilenet-v1.js';
export { mobileNetV2 } from './mobilenet-v2.js';
export { mobileNets } from './zoo.js';

/** MobileNets with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-mobilenet',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...mobileNets);
  },
});
