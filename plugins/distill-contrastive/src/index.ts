import { definePlugin } from '@limbeck/core';
import crd from './crd.js';

export { noiseContrastiveLoss } from './noise-contrastive.js';
export { crd };

/** Contrastive distillation: what tells an image from others is the same for student and teacher. */
export default definePlugin({
  name: '@limbeck/distill-contrastive',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.distillers.add(crd);
  },
});
