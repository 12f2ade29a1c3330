/** Names that torchvision's `ImageFolder` takes for pictures, and GIF. PPM and PGM are among them, which are not decoded. */
const extensions = /\.(jpe?g|png|bmp|tiff?|webp|gif)$/i;

/** What follows the first dot of a picture's name in a tar shard. */
export const pictureEndings = /^\.(jpe?g|png|bmp|tiff?|webp|gif)$/;

/** Whether a file counts as a picture by its name; hidden files do, as in torchvision. */
export const isPictureName = (name: string): boolean => extensions.test(name);

const ends = (content: Uint8Array, marker: readonly number[], within: number): boolean => {
  const end = content.subarray(-within);
  for (let at = 0; at + marker.length <= end.length; at++) {
    if (marker.every((byte, i) => end[at + i] === byte)) return true;
  }
  return false;
};

/**
 * 1 for a file that may be no sound picture: empty, of another kind, or without the end that its kind has. It is decoded
 * before a run, which settles the matter; the others are taken at their word.
 */
export function looksDamaged(content: Uint8Array, size: number): 0 | 1 {
  const [a, b, c, d] = content;
  const isWhole = content.length === size;
  const sound = (good: boolean): 0 | 1 => (good ? 0 : 1);
  if (a === 0xff && b === 0xd8) return sound(!isWhole || ends(content, [0xff, 0xd9], 4096));
  if (a === 0x89 && b === 0x50) return sound(!isWhole || ends(content, [0x49, 0x45, 0x4e, 0x44], 64));
  if (a === 0x47 && b === 0x49) return sound(!isWhole || ends(content, [0x3b], 64));
  if (a === 0x52 && b === 0x49 && size > 12) {
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    return sound(view.getUint32(4, true) + 8 <= size);
  }
  if (a === 0x42 && b === 0x4d && size > 54) return 0;
  return sound((a === 0x49 && b === 0x49 && c === 0x2a) || (a === 0x4d && b === 0x4d && d === 0x2a));
}
