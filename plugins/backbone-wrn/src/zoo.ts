import { wideResNet } from './wide-resnet.js';

/** The wide ResNets of RepDistiller's zoo and of the paper's title page, by published id. */
export const wideResNets = (
  [
    [16, 1],
    [16, 2],
    [40, 1],
    [40, 2],
    [28, 10],
  ] as const
).map(([depth, width]) => wideResNet({ depth, width }));
