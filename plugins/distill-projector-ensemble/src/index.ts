import { definePlugin } from '@limbeck/core';
import cosine from './cosine.js';
import projectorEnsemble from './projector-ensemble.js';

export { cosineDistance } from './cosine.js';
export { cosine, projectorEnsemble };

/** Projector-ensemble feature distillation. */
export default definePlugin({
  name: '@limbeck/distill-projector-ensemble',
  api: 1,
  core: '>=0.1.0 <1',
  requires: ['@limbeck/projectors'],
  setup(host) {
    host.losses.add(cosine);
    host.distillers.add(projectorEnsemble);
  },
});
