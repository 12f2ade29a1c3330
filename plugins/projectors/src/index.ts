import { definePlugin } from '@limbeck/core';
import attentionPool from './attention-pool.js';
import conv from './conv.js';
import crossAttention from './cross-attention.js';
import ensemble from './ensemble.js';
import identity from './identity.js';
import linear from './linear.js';
import mlp from './mlp.js';
import orthogonal from './orthogonal.js';

export { orthonormalized } from './orthogonal.js';
export { resized } from './spatial.js';
export { attentionPool, conv, crossAttention, ensemble, identity, linear, mlp, orthogonal };

/** Projectors for embeddings, tokens and maps, and the mean of several. */
export default definePlugin({
  name: '@limbeck/projectors',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.projectors.add(linear, mlp, orthogonal, identity, conv, attentionPool, crossAttention, ensemble);
  },
});
