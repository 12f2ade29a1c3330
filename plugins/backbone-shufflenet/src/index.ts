import { definePlugin } from '@limbeck/core';
import { shuffleNets } from './zoo.js';

export { channelShuffle } from './channel-shuffle.js';
export { shuffleV1 } from './shufflenet-v1.js';
export { type ShuffleV2, shuffleV2 } from './shufflenet-v2.js';
export { shuffleNets } from './zoo.js';

/** ShuffleNets with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-shufflenet',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...shuffleNets);
  },
});
