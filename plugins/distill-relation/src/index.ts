import { definePlugin } from '@limbeck/core';
import cc from './cc.js';
import pkt from './pkt.js';
import rkd from './rkd.js';
import sp from './sp.js';

export { correlationDistance } from './cc.js';
export { companionDivergence } from './pkt.js';
export { relationalDistances } from './rkd.js';
export { similarityDistance } from './sp.js';
export { cc, pkt, rkd, sp };

/** Distillation of how the images of a batch relate. */
export default definePlugin({
  name: '@limbeck/distill-relation',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.distillers.add(sp, cc, rkd, pkt);
  },
});
