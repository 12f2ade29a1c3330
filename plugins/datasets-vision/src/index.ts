import { definePlugin } from '@limbeck/core';
import { fashionMnist, fashionMnistSubset } from './fashion-mnist.js';
import { mnist } from './mnist.js';

export { type IdxArray, parseIdx } from './idx.js';
export { fashionMnist, fashionMnistSubset, mnist };

/** Small image data sets: Fashion-MNIST with a bundled subset, and MNIST. */
export default definePlugin({
  name: '@limbeck/datasets-vision',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.datasets.add(fashionMnistSubset, fashionMnist, mnist);
  },
});
