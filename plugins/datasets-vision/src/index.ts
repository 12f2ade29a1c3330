import { definePlugin } from '@limbeck/core';
import { cifar10, cifar100 } from './cifar.js';
import { emnist } from './emnist.js';
import { fashionMnist, fashionMnistSubset } from './fashion-mnist.js';
import { imageNet } from './imagenet.js';
import { kmnist } from './kmnist.js';
import { mnist } from './mnist.js';
import { tinyImageNet } from './tiny-imagenet.js';

export { type IdxArray, parseIdx } from './idx.js';
export { cifar10, cifar100, emnist, fashionMnist, fashionMnistSubset, imageNet, kmnist, mnist, tinyImageNet };

/** Published image data sets: MNIST and its kin, with a bundled subset, CIFAR, Tiny-ImageNet and ImageNet. */
export default definePlugin({
  name: '@limbeck/datasets-vision',
  api: 1,
  core: '>=0.1.0 <1',
  setup(host) {
    host.datasets.add(fashionMnistSubset, fashionMnist, mnist, cifar10, cifar100);
    host.datasets.add(kmnist, emnist, tinyImageNet, imageNet);
  },
});
