#!/usr/bin/env node
// Cuts the bundled subset out of Fashion-MNIST: node scripts/cut-subset.mjs SOURCE_DIR [TARGET_DIR]
//
// SOURCE_DIR holds the four published files. Of each class the first 1,200 training and the first 200 test images are
// kept, in the order of the files. Nothing is drawn at random and the gzip header carries no time, so a second run
// writes the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gunzipSync, gzipSync } from 'node:zlib';

const classes = 10;
const perClass = { train: 1200, t10k: 200 };

const [source, target = fileURLToPath(new URL('../data/', import.meta.url))] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: node scripts/cut-subset.mjs SOURCE_DIR [TARGET_DIR]');
  process.exit(2);
}
// Both splits are cut before the first file is written: SOURCE_DIR and TARGET_DIR may be the same.
const files = Object.entries(perClass).flatMap(([split, count]) => cut(split, count));
mkdirSync(target, { recursive: true });
for (const { name, bytes } of files) writeFileSync(path.join(target, name), pack(bytes));

/** The two files of a split, unpacked. */
function cut(split, count) {
  const imagesName = `${split}-images-idx3-ubyte.gz`;
  const labelsName = `${split}-labels-idx1-ubyte.gz`;
  const images = unpack(imagesName, 0x803);
  const labels = unpack(labelsName, 0x801);
  const [height, width] = [images.readUInt32BE(8), images.readUInt32BE(12)];
  const size = height * width;

  const taken = new Array(classes).fill(0);
  const kept = [];
  for (let index = 0; index < labels.readUInt32BE(4); index++) {
    const label = labels[8 + index];
    if (taken[label]++ < count) kept.push(index);
  }
  if (kept.length !== classes * count) throw new Error(`${labelsName} has fewer than ${count} of a class`);

  return [
    {
      name: imagesName,
      bytes: Buffer.concat([
        header(0x803, kept.length, height, width),
        ...kept.map((index) => images.subarray(16 + index * size, 16 + (index + 1) * size)),
      ]),
    },
    {
      name: labelsName,
      bytes: Buffer.concat([header(0x801, kept.length), Buffer.from(kept.map((index) => labels[8 + index]))]),
    },
  ];
}

function header(...words) {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => {
    bytes.writeUInt32BE(word, i * 4);
  });
  return bytes;
}

function unpack(name, magic) {
  const bytes = gunzipSync(readFileSync(path.join(source, name)));
  if (bytes.readUInt32BE(0) !== magic) throw new Error(`${name} is not the IDX file it is named after`);
  return bytes;
}

function pack(bytes) {
  const packed = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
  // Byte 9 names the operating system; "unknown" is the same everywhere.
  packed[9] = 255;
  return packed;
}
