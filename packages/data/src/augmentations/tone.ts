/**
 * Changes of tone on channel-major bytes, in place, with the values of torchvision's functional transforms: results are cut
 * down to whole numbers, as there, and grey is 0.2989 R + 0.587 G + 0.114 B.
 */

const { fround } = Math;

const byte = (value: number): number => (value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value));

/** Applies a table of 256 entries to part of an image. */
function lookUp(image: Uint8Array, entry: (value: number) => number): void {
  const table = Uint8Array.from({ length: 256 }, (_, value) => byte(entry(value)));
  for (let i = 0; i < image.length; i++) image[i] = table[image[i]!]!;
}

/** Grey of pixel `i` of an image with three channels, a whole number. */
function greyAt(image: Uint8Array, i: number, plane: number): number {
  const redGreen = fround(fround(image[i]! * 0.2989) + fround(image[plane + i]! * 0.587));
  return Math.floor(fround(redGreen + fround(image[2 * plane + i]! * 0.114)));
}

/** `factor` 0 gives black, 1 the image. */
export function adjustBrightness(image: Uint8Array, factor: number): void {
  const ratio = fround(factor);
  lookUp(image, (value) => fround(value * ratio));
}

/** `factor` 0 gives the mean grey, 1 the image. Of an image without three channels, it is the mean of all values. */
export function adjustContrast(image: Uint8Array, channels: number, factor: number): void {
  const plane = image.length / channels;
  let sum = 0;
  if (channels === 3) for (let i = 0; i < plane; i++) sum += greyAt(image, i, plane);
  else for (const value of image) sum += value;
  const mean = fround(sum / (channels === 3 ? plane : image.length));
  const ratio = fround(factor);
  const rest = fround(fround(1 - factor) * mean);
  lookUp(image, (value) => fround(fround(value * ratio) + rest));
}

/** `factor` 0 gives the grey image, 1 the image. Images without three channels stay as they are. */
export function adjustSaturation(image: Uint8Array, channels: number, factor: number): void {
  if (channels !== 3) return;
  const plane = image.length / 3;
  const [ratio, other] = [fround(factor), fround(1 - factor)];
  for (let i = 0; i < plane; i++) {
    const rest = fround(other * greyAt(image, i, plane));
    for (let at = i; at < image.length; at += plane) image[at] = byte(fround(image[at]! * ratio) + rest);
  }
}

/** Inverts what is at least as bright as a threshold. */
export function solarize(image: Uint8Array, threshold: number): void {
  lookUp(image, (value) => (value >= threshold ? 255 - value : value));
}

/** Keeps the highest bits, 0 to 8. */
export function posterize(image: Uint8Array, bits: number): void {
  const dropped = 8 - bits;
  lookUp(image, (value) => (value >> dropped) << dropped);
}

function eachPlane(image: Uint8Array, channels: number, change: (plane: Uint8Array) => void): void {
  const size = image.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    change(image.subarray(channel * size, (channel + 1) * size));
  }
}

/** Spreads each channel over all values, from its smallest to its largest. */
export function autoContrast(image: Uint8Array, channels: number): void {
  eachPlane(image, channels, (plane) => {
    let [low, high] = [255, 0];
    for (const value of plane) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const step = fround((high - low) * fround(1 / 255));
    if (high > low) lookUp(plane, (value) => fround((value - low) / step));
  });
}

/** Makes all values of each channel about equally frequent, as Pillow does; channels too small for it stay as they are. */
export function equalize(image: Uint8Array, channels: number): void {
  eachPlane(image, channels, (plane) => {
    const counts = new Uint32Array(256);
    for (const value of plane) counts[value]!++;
    const most = counts.findLast((count) => count > 0)!;
    const step = Math.floor((plane.length - most) / 255);
    if (step === 0) return;
    let below = step >> 1;
    const table = Uint8Array.from(counts, (count) => {
      const entry = Math.min(255, Math.floor(below / step));
      below += count;
      return entry;
    });
    for (let i = 0; i < plane.length; i++) plane[i] = table[plane[i]!]!;
  });
}

/**
 * Prepares sharpening of images of one shape: `factor` 0 gives the blurred image, 1 the image. Pixels at the border stay as
 * they are.
 *
 * @param shape [C, H, W]
 */
export function sharpness([channels, height, width]: readonly [number, number, number]): (
  image: Uint8Array,
  factor: number,
) => void {
  const original = new Uint8Array(channels * height * width);
  const [edge, middle] = [fround(1 / 13), fround(5 / 13)];
  return (image, factor) => {
    if (height <= 2 || width <= 2) return;
    original.set(image);
    const rest = 1 - factor;
    for (let channel = 0; channel < channels; channel++) {
      for (let row = 1; row < height - 1; row++) {
        let at = (channel * height + row) * width + 1;
        for (const end = at + width - 2; at < end; at++) {
          const [above, below] = [at - width, at + width];
          const around =
            original[above - 1]! +
            original[above]! +
            original[above + 1]! +
            original[at - 1]! +
            original[at + 1]! +
            original[below - 1]! +
            original[below]! +
            original[below + 1]!;
          const own = original[at]!;
          const blurred = halfToEven(around * edge + own * middle);
          image[at] = byte(fround(own + rest * (blurred - own)));
        }
      }
    }
  };
}

/** The nearest whole number, the even one of two, as PyTorch rounds. */
export function halfToEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return part < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
