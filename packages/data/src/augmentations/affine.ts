import { halfToEven } from './tone.js';

/**
 * Where an output pixel comes from. Both are offsets from the middle of the image, x to the right and y down:
 * x' = a x + b y + c, y' = d x + e y + f.
 */
export type AffineMap = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** How values between pixels are found. */
export type AffineFilter = 'nearest' | 'bilinear';

/**
 * Prepares moving the pixels of images of one shape about, in place. What comes from outside is black; `bilinear` blends
 * with it at the border. The same pixels as torchvision's `affine` and `rotate` give for tensors.
 *
 * @param shape [C, H, W] of the images
 */
export function affine(
  [channels, height, width]: readonly [number, number, number],
  filter: AffineFilter = 'nearest',
): (image: Uint8Array, map: AffineMap) => void {
  const original = new Uint8Array(channels * height * width);
  const plane = height * width;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const nearest = (image: Uint8Array, at: number, x: number, y: number) => {
    const [column, row] = [halfToEven(x), halfToEven(y)];
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    const from = row * width + column;
    for (let channel = 0; channel < channels; channel++) {
      image[channel * plane + at] = isInside ? original[channel * plane + from]! : 0;
    }
  };
  const bilinear = (image: Uint8Array, at: number, x: number, y: number) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, down] = [x - left, y - top];
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let corner = 0; corner < 4; corner++) {
        const [column, row] = [left + (corner & 1), top + (corner >> 1)];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const weight = ((corner & 1) === 1 ? right : 1 - right) * (corner >> 1 === 1 ? down : 1 - down);
        sum += weight * original[channel * plane + row * width + column]!;
      }
      image[channel * plane + at] = halfToEven(sum);
    }
  };
  const put = filter === 'nearest' ? nearest : bilinear;
  return (image, [a, b, c, d, e, f]) => {
    original.set(image);
    let at = 0;
    for (let row = 0; row < height; row++) {
      const y = row - middleY;
      for (let column = 0; column < width; column++, at++) {
        const x = column - middleX;
        put(image, at, a * x + b * y + c + middleX, d * x + e * y + f + middleY);
      }
    }
  };
}

/** By an angle in degrees, against the clock. */
export function turned(degrees: number): AffineMap {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos, -sin, 0, sin, cos, 0];
}
