import { definePlugin } from '@limbeck/core';
import { cifar10, cifar100 } from './cifar.js';
import { fashionMnist, fashionMnistSubset } from './fashion-mnist.js';
import { mnist } from './mnist.js';

export { type IdxArray, parseIdx } from './idx.js';
export { cifar10, cifar100, fashionMnist, fashionMnistSubset, mnist };

/** Small image data sets: Fashion-MNIST with a bundled subset, MNIST, CIFAR-10 and CIFAR-100. */
export default definePlugin({
  name: '@limbeck/datasets-vision',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.datasets.add(fashionMnistSubset, fashionMnist, mnist, cifar10, cifar100);
  },
});
