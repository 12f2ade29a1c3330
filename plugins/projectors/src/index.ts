import { definePlugin } from '@limbeck/core';
import ensemble from './ensemble.js';
import identity from './identity.js';
import linear from './linear.js';
import mlp from './mlp.js';
import orthogonal from './orthogonal.js';

export { orthonormalized } from './orthogonal.js';
export { ensemble, identity, linear, mlp, orthogonal };

/** Projectors for embeddings: linear, MLP, orthogonal, none, and the mean of several. */
export default definePlugin({
  name: '@limbeck/projectors',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.projectors.add(linear, mlp, orthogonal, identity, ensemble);
  },
});
