import { FormatError } from '../errors.js';
import { crc32 } from './crc32.js';
import { central, end, local, methods, saturated16, saturated32 } from './records.js';

/** An entry's bytes begin at a multiple of this, as PyTorch has it, so that a reader can map tensors as they lie. */
const alignment = 64;
/** PyTorch's id for the extra field that only fills up space. */
const paddingField = 0x4246;
const version = 20;
/** 1 January 1980, the first day there is: the same content gives the same bytes. */
const date = 0x21;
/** Names are UTF-8. */
const flags = 1 << 11;

/**
 * Writes a zip archive of entries as they are, uncompressed.
 *
 * @throws FormatError BAD_DATA for what needs zip64: 4 GiB, or 65,535 entries
 */
export function writeZip(
  entries: readonly (readonly [name: string, bytes: Uint8Array])[],
  comment: Uint8Array = new Uint8Array(),
): Uint8Array {
  let at = 0;
  const placed = entries.map(([name, bytes]) => {
    const nameBytes = new TextEncoder().encode(name);
    const unpadded = at + local.length + nameBytes.length + 4;
    const padding = (alignment - (unpadded % alignment)) % alignment;
    const entry = { name: nameBytes, bytes, crc: crc32(bytes), offset: at, dataAt: unpadded + padding };
    at = entry.dataAt + bytes.byteLength;
    return entry;
  });
  const directoryAt = at;
  const directorySize = placed.reduce((sum, { name }) => sum + central.length + name.length, 0);
  const size = directoryAt + directorySize + end.length + comment.length;
  if (size >= saturated32 || entries.length >= saturated16 || comment.length > saturated16) {
    throw new FormatError(
      'BAD_DATA',
      `a zip archive of ${entries.length} entries and ${size} bytes is too large`,
      {
        hint: 'write a safetensors file instead',
      },
    );
  }
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  at = directoryAt;
  for (const { name, bytes, crc, offset, dataAt } of placed) {
    /** The thirteen words that both headers share, from the version on. */
    const describe = (from: number) => {
      view.setUint16(from, version, true);
      view.setUint16(from + 2, flags, true);
      view.setUint16(from + 4, methods.stored, true);
      view.setUint16(from + 8, date, true);
      view.setUint32(from + 10, crc, true);
      view.setUint32(from + 14, bytes.byteLength, true);
      view.setUint32(from + 18, bytes.byteLength, true);
      view.setUint16(from + 22, name.length, true);
    };
    view.setUint32(offset, local.signature, true);
    describe(offset + 4);
    const extraAt = offset + local.length + name.length;
    view.setUint16(offset + 28, dataAt - extraAt, true);
    file.set(name, offset + local.length);
    view.setUint16(extraAt, paddingField, true);
    view.setUint16(extraAt + 2, dataAt - extraAt - 4, true);
    file.set(bytes, dataAt);

    view.setUint32(at, central.signature, true);
    view.setUint16(at + 4, version, true);
    describe(at + 6);
    view.setUint32(at + 42, offset, true);
    file.set(name, at + central.length);
    at += central.length + name.length;
  }
  view.setUint32(at, end.signature, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, directorySize, true);
  view.setUint32(at + 16, directoryAt, true);
  view.setUint16(at + 20, comment.length, true);
  file.set(comment, at + end.length);
  return file;
}
