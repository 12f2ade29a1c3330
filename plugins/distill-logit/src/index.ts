import { definePlugin } from '@limbeck/core';
import kd from './kd.js';
import klDivergenceLoss from './kl-divergence.js';

export { klDivergence } from './kl-divergence.js';
export { kd, klDivergenceLoss };

/** Logit distillation. */
export default definePlugin({
  name: '@limbeck/distill-logit',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.losses.add(klDivergenceLoss);
    host.distillers.add(kd);
  },
});
