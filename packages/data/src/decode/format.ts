/** Formats of pictures that are decoded. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp' | 'tiff';

const any = undefined;

const starts: readonly (readonly [PictureFormat, readonly (number | undefined)[]])[] = [
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['gif', [0x47, 0x49, 0x46, 0x38]],
  ['webp', [0x52, 0x49, 0x46, 0x46, any, any, any, any, 0x57, 0x45, 0x42, 0x50]],
  ['bmp', [0x42, 0x4d]],
  ['tiff', [0x49, 0x49, 0x2a, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2a]],
];

/**
 * The format that the first bytes announce; undefined for anything else. Only these are handed to a decoder, so that a file
 * of another kind under the name of a picture (SVG, PDF, text) reaches none.
 */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  return starts.find(([, start]) => start.every((byte, i) => byte === undefined || bytes[i] === byte))?.[0];
}
