import { constants } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { LimbeckError, type Sample } from '@limbeck/core';
import type { Picture } from '../pipeline/pipeline.js';
import { decodeImage } from './decode.js';

const inflate = promisify(inflateRaw);

/** The most bytes of one encoded picture; a larger file is no picture that a network learns from. */
const largestFile = 512 << 20;

/**
 * Decodes a sample.
 *
 * @param name what messages call it where it does not say so itself
 * @throws LimbeckError BAD_FILE where a file cannot be read, BAD_DATA where it is no picture; both name it
 */
export async function openSample(sample: Sample, name: string): Promise<Picture> {
  if ('pixels' in sample) {
    const [channels, height, width] = sample.shape;
    if (sample.pixels.length !== channels * height * width) {
      throw new LimbeckError(
        'BAD_DATA',
        `sample ${name} has ${sample.pixels.length} bytes, its shape [${sample.shape.join(', ')}] takes ${channels * height * width}`,
        { hint: 'report this to the author of the plugin that contributes the data set' },
      );
    }
    return { planes: sample.pixels, channels, height, width };
  }
  if ('bytes' in sample) return decodeImage(sample.bytes, sample.name);
  return decodeImage(await readSample(sample), name === '' ? sample.file : name);
}

/** The encoded bytes of a sample that lies in a file. */
export async function readSample(sample: Extract<Sample, { file: string }>): Promise<Uint8Array> {
  const { file, offset, length, inflated } = sample;
  let bytes: Uint8Array;
  try {
    bytes = await readPart(file, offset ?? 0, length);
    if (inflated !== undefined) bytes = await inflate(bytes, { maxOutputLength: inflated });
  } catch (cause) {
    throw new LimbeckError('BAD_FILE', `cannot read ${file}: ${(cause as Error).message}`, {
      hint: "put the file back or make it readable, or leave such files out with data.onError: 'skip'",
      details: { path: file },
      cause,
    });
  }
  return bytes;
}

/** Pipes are opened without waiting for a writer, and refused with devices and sockets: reading them may never end. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Reads up to the end of the file where no length is given. */
async function readPart(file: string, offset: number, given: number | undefined): Promise<Uint8Array> {
  const handle = await openFile(file, flags);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('it is a folder, a pipe, a device or a socket, and no file');
    const length = given ?? Math.max(0, found.size - offset);
    if (length > largestFile) throw new Error(`${length} bytes are too many for a picture`);
    const bytes = new Uint8Array(length);
    const { bytesRead } = await handle.read(bytes, 0, length, offset);
    if (bytesRead < length) throw new Error(`it ends after ${offset + bytesRead} bytes`);
    return bytes;
  } finally {
    await handle.close();
  }
}
