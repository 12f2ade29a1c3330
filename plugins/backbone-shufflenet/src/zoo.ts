import { shuffleV1 } from './shufflenet-v1.js';
import { shuffleV2 } from './shufflenet-v2.js';

/** The ShuffleNets of RepDistiller's and SimKD's zoos, by published id. */
export const shuffleNets = [
  shuffleV1,
  shuffleV2({ id: 'ShuffleV2_0_5', size: 0.5, widths: [48, 96, 192], lastWidth: 1024 }),
  shuffleV2({ id: 'ShuffleV2', size: 1, widths: [116, 232, 464], lastWidth: 1024 }),
  shuffleV2({ id: 'ShuffleV2_1_5', size: 1.5, widths: [176, 352, 704], lastWidth: 1024 }),
  // 224 is the published code's; the paper has 244
  shuffleV2({ id: 'ShuffleV2_2_0', size: 2, widths: [224, 488, 976], lastWidth: 2048 }),
];
