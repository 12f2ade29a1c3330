import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { isLimbeckError, LimbeckError } from '@limbeck/core';

/** The contents of an IDX file of unsigned bytes, the format of MNIST (LeCun, Cortes and Burges, 1998). */
export interface IdxArray {
  /** Extent of every dimension, outermost first. */
  readonly shape: readonly number[];
  /** The values, last dimension fastest. */
  readonly values: Uint8Array;
}

/** More bytes than a file of `maxBytes` can grow to when gzip cannot compress it. */
const gzipOverhead = 65_536;
const unsignedByte = 0x08;

/**
 * Reads an IDX file, gzipped or not (told apart by its first bytes, not its name).
 *
 * The file is not trusted: nothing larger than `maxBytes` is read or unpacked, and its header must account for every
 * byte.
 *
 * @param maxBytes the most bytes the unpacked file may have
 * @throws LimbeckError `BAD_DATA`, naming the file and what is wrong with it
 */
export async function readIdx(file: string, maxBytes: number): Promise<IdxArray> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw badData(file, 'is not a file');
    if (found.size > maxBytes + gzipOverhead) {
      throw badData(file, `has ${found.size} bytes, more than the ${maxBytes} it can need`);
    }
    return await unpackIdx(await readFile(file), file, maxBytes);
  } catch (cause) {
    if (isLimbeckError(cause)) throw cause;
    throw badData(file, `cannot be read: ${(cause as Error).message}`, cause);
  }
}

/** Reads the bytes of an IDX file, gzipped or not; `file` is named in errors. */
export async function unpackIdx(bytes: Uint8Array, file: string, maxBytes: number): Promise<IdxArray> {
  return parseIdx(await unpack(bytes, file, maxBytes), file);
}

/** Reads the bytes of an IDX file that is not gzipped; `file` is named in errors. `values` shares memory with `bytes`. */
export function parseIdx(bytes: Uint8Array, file: string): IdxArray {
  if (bytes.length < 4) throw badData(file, `has ${bytes.length} bytes, too few for an IDX header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.getUint8(2);
  const rank = view.getUint8(3);
  if (view.getUint16(0) !== 0 || rank === 0) {
    throw badData(file, `is not an IDX file: it begins with the bytes ${hex(bytes.subarray(0, 4))}`);
  }
  if (type !== unsignedByte) {
    throw badData(file, `holds IDX values of type 0x${hex([type])}; only unsigned bytes (0x08) are read`);
  }
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw badData(file, `ends inside its header, after ${bytes.length} bytes`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const declared = shape.reduce((product, extent) => product * extent, 1);
  if (declared === 0) throw badData(file, `is empty: it declares the shape [${shape.join(', ')}]`);
  if (bytes.length - header !== declared) {
    throw badData(
      file,
      `declares the shape [${shape.join(', ')}], ${declared} bytes, but holds ${bytes.length - header}`,
    );
  }
  return { shape, values: bytes.subarray(header) };
}

async function unpack(bytes: Uint8Array, file: string, maxBytes: number): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw badData(
      file,
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `unpacks to more than the ${maxBytes} bytes it can need`
        : `is damaged or cut short: ${message}`,
      cause,
    );
  }
}

/** A failure of one file. */
export function badData(file: string, fault: string, cause?: unknown): LimbeckError {
  return new LimbeckError('BAD_DATA', `${file} ${fault}`, {
    hint: 'replace it with the published file, or give another folder',
    details: { path: file },
    cause,
  });
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
