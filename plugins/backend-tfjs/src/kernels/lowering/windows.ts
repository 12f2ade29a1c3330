import type { Conv2dAttributes, Padding, Pair } from '@limbeck/graph';
import { noPadding } from '../../lowering/windows.js';

/** Rows and columns of zeros, as the kernels are told: before and after each axis of [N, H, W, C]. */
export const paddingOf = (padding: Padding): 'valid' | readonly (readonly [number, number])[] => {
  const [top, left, bottom, right] = padding;
  return noPadding(padding)
    ? 'valid'
    : [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
};

/** What all convolution kernels are told. */
export const windowAttributes = ({ strides, padding, dilation }: Conv2dAttributes) => ({
  strides,
  pad: paddingOf(padding),
  dilations: dilation as Pair,
  dataFormat: 'NHWC',
});
