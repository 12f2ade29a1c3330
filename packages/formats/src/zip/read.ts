import { FormatError } from '../errors.js';
import { crc32 } from './crc32.js';
import { readDirectory, type ZipEntry } from './directory.js';
import { inflate } from './inflate.js';
import { methods } from './records.js';

/** How much all packed entries together may unpack to, as a multiple of the file, and beyond that for small files. */
const unpackFactor = 3;
const unpackSpare = 64 << 20;

/** Where an entry lies in an archive. */
export interface ZipPlace {
  /** First byte of its content. */
  readonly offset: number;
  /** Bytes as they lie in the file. */
  readonly length: number;
  /** Bytes they unpack to, where they are packed by deflate. */
  readonly inflated?: number;
}

/** An archive whose directory is checked. */
export interface ZipArchive {
  /** Names of the entries, folders left out, in the order of the directory. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** Bytes of an entry when unpacked. */
  sizeOf(name: string): number;
  /**
   * The bytes of an entry: a view of the file where they are stored as they are, unpacked anew each time elsewhere.
   *
   * @throws FormatError BAD_FILE where there is none, or where its checksum or size is wrong
   */
  read(name: string): Uint8Array;
  /** Where the bytes of an entry lie in the file, for whoever reads them there. */
  placeOf(name: string): ZipPlace;
  /** The text that may follow an archive. */
  readonly comment: Uint8Array;
}

/** True for the first bytes of a zip archive, an empty one included. */
export function isZip(bytes: Uint8Array): boolean {
  const [p, k, a, b] = bytes;
  return p === 0x50 && k === 0x4b && ((a === 3 && b === 4) || (a === 5 && b === 6) || (a === 6 && b === 6));
}

/**
 * Opens a zip archive, which need not be trusted.
 *
 * @throws FormatError BAD_FILE where the archive is damaged, encrypted, packed by something else than deflate, holds a
 * name twice or entries that overlap, or unpacks to over three times its own size and 64 MiB
 */
export function openZip(bytes: Uint8Array, source: string): ZipArchive {
  const { entries, comment } = readDirectory(bytes, source);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const unpacked = entries
    .filter(({ method }) => method === methods.deflated)
    .reduce((sum, { size }) => sum + size, 0);
  if (unpacked > unpackFactor * bytes.byteLength + unpackSpare) {
    throw new FormatError(
      'BAD_FILE',
      `${source}: ${bytes.byteLength} bytes claim to unpack to ${unpacked}, over ${unpackFactor} times as many and ${unpackSpare >> 20} MiB`,
      { hint: 'if the file can be trusted, save it again without compression', details: { source } },
    );
  }
  const find = (name: string): ZipEntry => {
    const entry = byName.get(name);
    if (entry === undefined) throw bad(source, `there is no entry '${name}'`);
    return entry;
  };
  return {
    names: entries.map(({ name }) => name),
    has: (name) => byName.has(name),
    sizeOf: (name) => find(name).size,
    read: (name) => unpack(find(name), source),
    placeOf: (name) => {
      const { content, method, size } = find(name);
      const place = { offset: content.byteOffset - bytes.byteOffset, length: content.byteLength };
      return method === methods.stored ? place : { ...place, inflated: size };
    },
    comment,
  };
}

function unpack({ name, method, content, size, crc }: ZipEntry, source: string): Uint8Array {
  const bytes = method === methods.stored ? content : inflate(content, size);
  if (bytes === undefined)
    throw bad(source, `its entry '${name}' does not unpack to the ${size} bytes it claims`);
  // PyTorch writes 0 where it was told to spare itself the checksums
  if (crc !== 0 && crc32(bytes) !== crc)
    throw bad(source, `its entry '${name}' is damaged: its checksum differs`);
  return bytes;
}

const bad = (source: string, what: string): FormatError =>
  new FormatError('BAD_FILE', `${source}: ${what}`, {
    hint: 'fetch or copy the file again',
    details: { source },
  });
