import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A BMP picture of 24 bits a pixel, its left or right half bright; `shade` is that of the other half. */
export function halves(right: boolean, { width = 16, height = 12, shade = 30 } = {}): Buffer {
  const head = 54;
  const file = Buffer.alloc(head + width * height * 3, shade);
  file.fill(0, 0, head);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(head, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let row = 0; row < height; row++) {
    const start = head + (row * width + (right ? width / 2 : 0)) * 3;
    file.fill(215, start, start + (width / 2) * 3);
  }
  return file;
}

/** A folder of pictures by class, `left` and `right`, so many of each. */
export function photosOf(folder: string, each: number, size: { width?: number; height?: number } = {}): void {
  for (const [label, right] of Object.entries({ left: false, right: true })) {
    mkdirSync(path.join(folder, label), { recursive: true });
    for (let i = 0; i < each; i++) {
      writeFileSync(path.join(folder, label, `${i}.bmp`), halves(right, { ...size, shade: 10 + 3 * i }));
    }
  }
}
