import type { Picture } from '../pipeline/pipeline.js';

const channels = 3;
const values = 256;

/** How often each value occurs in each channel, from which mean and deviation follow exactly. */
export class PixelCounts {
  readonly #counts = new Float64Array(channels * values);
  #grey = 0;
  #colour = 0;

  add(picture: Picture): void {
    const counts = this.#counts;
    const { width, height, channels: own } = picture;
    const pixels = width * height;
    const data = 'planes' in picture ? picture.planes : picture.data;
    const [pixel, next] = 'planes' in picture ? [1, pixels] : [own, 1];
    if (own === 1 || isGrey(data, { pixels, pixel, next })) this.#grey++;
    else this.#colour++;
    for (let channel = 0; channel < channels; channel++) {
      const from = own === 1 ? 0 : channel;
      const [start, step] = 'planes' in picture ? [from * pixels, 1] : [from, own];
      for (let i = 0, at = start; i < pixels; i++, at += step) counts[channel * values + data[at]!]!++;
    }
  }

  /** Mean and deviation of pixels in [0, 1]: one number for grey pictures alone, else three. */
  facts(): { mean: number[]; std: number[]; grey: number; colour: number } {
    const mean: number[] = [];
    const std: number[] = [];
    for (let channel = 0; channel < (this.#colour > 0 ? channels : 1); channel++) {
      const own = this.#counts.subarray(channel * values, (channel + 1) * values);
      const moment = (power: number) =>
        own.reduce((sum, count, value) => sum + count * (value / 255) ** power, 0);
      const total = moment(0);
      if (total === 0) continue;
      mean.push(moment(1) / total);
      std.push(Math.sqrt(Math.max(0, moment(2) / total - (moment(1) / total) ** 2)));
    }
    return { mean, std, grey: this.#grey, colour: this.#colour };
  }
}

/** Whether the channels of every pixel are the same. */
function isGrey(
  data: Uint8Array,
  { pixels, pixel, next }: { pixels: number; pixel: number; next: number },
): boolean {
  for (let i = 0, at = 0; i < pixels; i++, at += pixel) {
    if (data[at] !== data[at + next] || data[at] !== data[at + 2 * next]) return false;
  }
  return true;
}
