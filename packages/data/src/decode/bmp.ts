import { refuseLarge } from './limits.js';
import type { Raster } from './raster.js';

/** BMP, which the build of libvips that sharp brings does not read. */
export async function decodeBmp(bytes: Uint8Array, name: string): Promise<Raster> {
  if (bytes.length < 54) throw new Error('its header is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  refuseLarge(name, Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true)));
  const { decode } = await import('bmp-ts');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { data, width, height } = decode(buffer);
  // four bytes a pixel: transparency, blue, green, red
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from + 3]!;
    rgb[to + 1] = data[from + 2]!;
    rgb[to + 2] = data[from + 1]!;
  }
  return { data: rgb, width, height: Math.abs(height), channels: 3 };
}
