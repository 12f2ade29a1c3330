import { definePlugin } from '@limbeck/core';
import featureQueue from './feature-queue.js';
import globalPatch from './global-patch.js';
import invertedProjection from './inverted-projection.js';
import normDirection from './norm-direction.js';
import srd from './srd.js';
import vkd from './vkd.js';

export { classMeansPreparation } from './class-means.js';
export { normDirectionDistance } from './norm-direction.js';
export { embeddingQueue, queueDivergence, queueSize, relationDivergence } from './queue.js';
export { logCorrelationDistance, logSumDistance } from './srd.js';
export { normalizedOverFeatures } from './vkd.js';
export { featureQueue, globalPatch, invertedProjection, normDirection, srd, vkd };

/** Distillation of one feature through one projector. */
export default definePlugin({
  name: '@limbeck/distill-projector',
  api: 1,
  core: '>=0.1.0 <1',
  requires: ['@limbeck/projectors', '@limbeck/distill-logit'],
  setup(host) {
    host.distillers.add(srd, vkd, invertedProjection, normDirection, featureQueue, globalPatch);
  },
});
