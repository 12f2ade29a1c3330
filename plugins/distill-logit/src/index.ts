import { definePlugin } from '@limbeck/core';
import dkd from './dkd.js';
import kd from './kd.js';
import klDivergenceLoss from './kl-divergence.js';

export { decoupledKd } from './dkd.js';
export { klDivergence } from './kl-divergence.js';
export { dkd, kd, klDivergenceLoss };

/** Logit distillation. */
export default definePlugin({
  name: '@limbeck/distill-logit',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.losses.add(klDivergenceLoss);
    host.distillers.add(kd, dkd);
  },
});
