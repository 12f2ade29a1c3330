import { cifarResNet } from './cifar.js';
import { fourStageResNet } from './four-stages.js';

const thin = [16, 32, 64] as const;
const double = [32, 64, 128] as const;
const quadruple = [64, 128, 256] as const;

/** The CIFAR ResNets of RepDistiller's and SimKD's zoos, by published id. */
export const cifarResNets = [
  ...[8, 14, 20, 32, 38, 44, 56, 110, 116].map((depth) =>
    cifarResNet({ id: `resnet${depth}`, depth, stem: 16, widths: thin }),
  ),
  ...[14, 38, 110].map((depth) => cifarResNet({ id: `resnet${depth}x2`, depth, stem: 16, widths: double })),
  ...[8, 14, 32, 38].map((depth) =>
    cifarResNet({ id: `resnet${depth}x4`, depth, stem: 32, widths: quadruple }),
  ),
];

/** The ResNets for ImageNet under torchvision's ids, and those for small images under RepDistiller's, which are capitalised. */
export const fourStageResNets = [
  ...([18, 34, 50, 101, 152] as const).map((depth) =>
    fourStageResNet({ id: `resnet${depth}`, depth, form: 'imagenet' }),
  ),
  ...([18, 34, 50] as const).map((depth) => fourStageResNet({ id: `ResNet${depth}`, depth, form: 'cifar' })),
];
