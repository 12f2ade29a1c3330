import { definePlugin } from '@limbeck/core';
import at from './at.js';
import fitnet from './fitnet.js';
import nst from './nst.js';
import vid from './vid.js';

export { attentionDistance } from './at.js';
export { convRegressor } from './conv-regressor.js';
export { hintLoss } from './fitnet.js';
export { neuronSelectivityDistance } from './nst.js';
export { variationalInformation } from './vid.js';
export { at, fitnet, nst, vid };

/** Distillation from intermediate maps. */
export default definePlugin({
  name: '@limbeck/distill-feature',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.distillers.add(fitnet, at, nst, vid);
  },
});
