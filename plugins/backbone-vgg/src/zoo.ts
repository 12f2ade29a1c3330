import { vgg } from './vgg.js';

/** The VGGs of RepDistiller's zoo, by published id. */
export const vggs = [
  vgg({ id: 'vgg8', convolutions: [1, 1, 1, 1, 1] }),
  vgg({ id: 'vgg11', convolutions: [1, 1, 2, 2, 2] }),
  vgg({ id: 'vgg13', convolutions: [2, 2, 2, 2, 2] }),
  vgg({ id: 'vgg16', convolutions: [2, 2, 3, 3, 3] }),
  vgg({ id: 'vgg19', convolutions: [2, 2, 4, 4, 4] }),
];
