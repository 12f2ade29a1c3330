import { definePlugin } from '@limbeck/core';
import { vit } from './vision-transformer.js';
import { visionTransformers } from './zoo.js';

export {
  type DropRates,
  type PatchOptions,
  type VisionTransformer,
  visionTransformer,
  vit,
} from './vision-transformer.js';
export { visionTransformers } from './zoo.js';

/** Vision transformers with the published names, shapes and initialisers. */
export default definePlugin({
  name: '@limbeck/backbone-vit',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.backbones.add(...visionTransformers, vit);
  },
});
