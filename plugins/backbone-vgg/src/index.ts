import { definePlugin } from '@limbeck/core';
import { vggs } from './zoo.js';

export { type Vgg, vgg } from './vgg.js';
export { vggs } from './zoo.js';

/** VGGs with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-vgg',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...vggs);
  },
});
