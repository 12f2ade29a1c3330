import { definePlugin } from '@limbeck/core';
import cosine from './losses/cosine.js';
import mse from './losses/mse.js';
import normalizedMse from './losses/normalized-mse.js';
import smoothL1 from './losses/smooth-l1.js';
import projectorEnsemble from './projector-ensemble.js';

export { cosineDistance } from './losses/cosine.js';
export { cosine, mse, normalizedMse, projectorEnsemble, smoothL1 };

/** Projector-ensemble feature distillation, and the losses its features are compared by. */
export default definePlugin({
  name: '@limbeck/distill-projector-ensemble',
  api: 1,
  core: '>=0.1.0 <1',
  requires: ['@limbeck/projectors'],
  setup(host) {
    host.losses.add(cosine, mse, normalizedMse, smoothL1);
    host.distillers.add(projectorEnsemble);
  },
});
