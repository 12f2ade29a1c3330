import { definePlugin } from '@limbeck/core';
import bce from './bce.js';
import crld from './crld.js';
import dist from './dist.js';
import dkd from './dkd.js';
import kd from './kd.js';
import klDivergenceLoss from './kl-divergence.js';
import logitStandardization from './logit-standardization.js';
import mlkd from './mlkd.js';
import nkd from './nkd.js';
import ttm from './ttm.js';
import wkdL from './wkd-l.js';
import wttm from './wttm.js';

export { binaryCrossEntropy } from './bce.js';
export { type ClassCkaOptions, classDistancesByCka } from './class-cka.js';
export { type ClassDistance, classDistances, classifierRows, sharpened } from './class-costs.js';
export { crossViewDivergences, type Views } from './crld.js';
export { decorrelations } from './dist.js';
export { decoupledKd } from './dkd.js';
export { klDivergence, klDivergences } from './kl-divergence.js';
export { multiLevel, shareUpToMedian } from './mlkd.js';
export { normalizedKd } from './nkd.js';
export { type SinkhornOptions, transportCost } from './sinkhorn.js';
export { standardized } from './standardize.js';
export { transformedMatching } from './ttm.js';
export { wassersteinKd } from './wkd-l.js';
export { bce, crld, dist, dkd, kd, klDivergenceLoss, logitStandardization, mlkd, nkd, ttm, wkdL, wttm };

/** Logit distillation. */
export default definePlugin({
  name: '@limbeck/distill-logit',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.losses.add(klDivergenceLoss);
    host.distillers.add(kd, logitStandardization, dkd, nkd, dist, ttm, wttm, wkdL, crld, mlkd, bce);
  },
});
