import { cifarMobileNetV2 } from './cifar-mobilenet-v2.js';
import { mobileNetV1 } from './mobilenet-v1.js';
import { mobileNetV2 } from './mobilenet-v2.js';

/**
 * MobileNets by published id: those for small images as RepDistiller and SimKD name them, where `MobileNetV2` is half
 * as wide as the paper's; torchvision's `mobilenet_v2`; `MobileNetV1`.
 */
export const mobileNets = [
  mobileNetV1,
  cifarMobileNetV2({ id: 'MobileNetV2', width: 0.5 }),
  cifarMobileNetV2({ id: 'MobileNetV2_1_0', width: 1 }),
  mobileNetV2,
];
