import { definePlugin } from '@limbeck/core';
import ab from './ab.js';
import at from './at.js';
import fitnet from './fitnet.js';
import fsp from './fsp.js';
import ft from './ft.js';
import ickd from './ickd.js';
import kdsvd from './kdsvd.js';
import nst from './nst.js';
import ofd from './ofd.js';
import reviewkd from './reviewkd.js';
import semckd from './semckd.js';
import srrl from './srrl.js';
import vid from './vid.js';
import wkdF from './wkd-f.js';

export { boundaryDistance } from './ab.js';
export { attentionDistance } from './at.js';
export { bottleneckRegressor, convConnector, convRegressor } from './conv-regressor.js';
export { hintLoss } from './fitnet.js';
export { flowDistance, flowMatrix } from './fsp.js';
export { factorDistance, paraphrase, translate } from './ft.js';
export { channelCorrelationDistance } from './ickd.js';
export { type SingularMatrix, singularVectorDistance } from './kdsvd.js';
export { type MarginKind, marginsPreparation, normalMargin } from './margins.js';
export { neuronSelectivityDistance } from './nst.js';
export { negativeMeans, partialDistance } from './ofd.js';
export { resizeNearest } from './resize-nearest.js';
export { contextLoss } from './reviewkd.js';
export { calibratedDistance } from './semckd.js';
export { leadingVectors } from './singular-vectors.js';
export { transposedConv } from './transposed-conv.js';
export { variationalInformation } from './vid.js';
export { type GaussianOptions, gaussianDistances } from './wkd-f.js';
export { ab, at, fitnet, fsp, ft, ickd, kdsvd, nst, ofd, reviewkd, semckd, srrl, vid, wkdF };

/** Distillation from intermediate maps. */
export default definePlugin({
  name: '@limbeck/distill-feature',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.distillers.add(fitnet, ab, fsp, ft, at, nst, vid, srrl, ickd, wkdF, reviewkd, ofd, semckd, kdsvd);
  },
});
