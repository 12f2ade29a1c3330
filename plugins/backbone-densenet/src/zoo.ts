import { denseNet } from './densenet.js';

/** The DenseNets of torchvision's zoo, by published id. */
export const denseNets = [
  denseNet({ id: 'densenet121', growth: 32, stemWidth: 64, layers: [6, 12, 24, 16] }),
  denseNet({ id: 'densenet161', growth: 48, stemWidth: 96, layers: [6, 12, 36, 24] }),
  denseNet({ id: 'densenet169', growth: 32, stemWidth: 64, layers: [6, 12, 32, 32] }),
  denseNet({ id: 'densenet201', growth: 32, stemWidth: 64, layers: [6, 12, 48, 32] }),
];
