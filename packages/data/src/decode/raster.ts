/** A decoded picture: bytes row by row, the channels of a pixel side by side. */
export interface Raster {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Copies a picture channel by channel, [C, H, W]. */
export function toPlanes({ data, width, height, channels }: Raster, into: Uint8Array): void {
  if (channels === 1) {
    into.set(data);
    return;
  }
  const plane = width * height;
  const [green, blue] = [plane, 2 * plane];
  for (let i = 0, from = 0; i < plane; i++, from += 3) {
    into[i] = data[from]!;
    into[green + i] = data[from + 1]!;
    into[blue + i] = data[from + 2]!;
  }
}

/** The way back from [C, H, W]. */
export function fromPlanes(planes: Uint8Array, channels: 1 | 3, height: number, width: number): Raster {
  const plane = width * height;
  if (channels === 1) return { data: planes.slice(), width, height, channels };
  const data = new Uint8Array(planes.length);
  for (let i = 0, to = 0; i < plane; i++, to += 3) {
    data[to] = planes[i]!;
    data[to + 1] = planes[plane + i]!;
    data[to + 2] = planes[2 * plane + i]!;
  }
  return { data, width, height, channels };
}

/** Another number of channels: grey is ITU-R 601 luma in the whole numbers Pillow uses; colour repeats the grey. */
export function withChannels(raster: Raster, channels: 1 | 3): Raster {
  if (raster.channels === channels) return raster;
  const { data: from, width, height } = raster;
  const pixels = width * height;
  const data = new Uint8Array(pixels * channels);
  if (channels === 3) {
    for (let i = 0; i < pixels; i++) data.fill(from[i]!, 3 * i, 3 * i + 3);
  } else {
    for (let i = 0, at = 0; i < pixels; i++, at += 3) {
      data[i] = (from[at]! * 19595 + from[at + 1]! * 38470 + from[at + 2]! * 7471 + 0x8000) >> 16;
    }
  }
  return { data, width, height, channels };
}
