import { Allowance } from '../allowance.js';
import { FormatError } from '../errors.js';
import {
  central,
  end,
  end64,
  extra64,
  flags,
  local,
  locator64,
  methods,
  saturated16,
  saturated32,
} from './records.js';

/** An archive's entry as its central directory describes it; its place is checked. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  /** Of the unpacked bytes. */
  readonly crc: number;
  /** Bytes when unpacked, as declared. */
  readonly size: number;
  /** The bytes in the archive: a view. */
  readonly content: Uint8Array;
}

export interface ZipDirectory {
  /** Without folders, in the order of the directory. */
  readonly entries: readonly ZipEntry[];
  readonly comment: Uint8Array;
}

/** An entry before its place is looked up. */
interface Listed extends Omit<ZipEntry, 'content'> {
  readonly packed: number;
  readonly offset: number;
}

/**
 * Reads the directory of a zip archive (zip64 included) that is not trusted. Entries must lie one after the other, before
 * the directory, under names that occur once: archives that share bytes between entries are how small files unpack to
 * huge ones.
 *
 * @throws FormatError BAD_FILE
 */
export function readDirectory(bytes: Uint8Array, source: string): ZipDirectory {
  return new DirectoryReader(bytes, source).read();
}

/** What an entry takes while the directory is read, beside its name. */
const entryObject = 512;
/** Lengths of what may follow an entry whose sizes were not known when it was begun. */
const descriptorLengths = [12, 16, 20, 24];

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class DirectoryReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #source: string;
  readonly #allowance: Allowance;

  constructor(bytes: Uint8Array, source: string) {
    this.#allowance = new Allowance(bytes.byteLength, source);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#source = source;
  }

  read(): ZipDirectory {
    const endAt = this.#findEnd();
    const { count, size, start } = this.#extent(endAt);
    const limit = start + size;
    const listed: Listed[] = [];
    let at = start;
    for (let i = 0; i < count; i++) {
      const [entry, next] = this.#listed(at, limit);
      listed.push(entry);
      at = next;
    }
    if (at !== limit) this.#fail(`its directory takes ${size} bytes, its ${count} entries ${at - start}`);
    this.#checkNames(listed);
    const entries = this.#placed(listed, start).filter(({ name }) => !name.endsWith('/'));
    return { entries, comment: this.#bytes.subarray(endAt + end.length) };
  }

  /** The end record: its comment must reach exactly to the end of the file. */
  #findEnd(): number {
    const last = this.#bytes.byteLength - end.length;
    for (let at = last; at >= Math.max(0, last - saturated16); at--) {
      if (!this.#isEnd(at)) continue;
      for (let other = at - 1; other >= Math.max(0, last - saturated16); other--) {
        if (this.#isEnd(other))
          this.#fail('it has two ends, so that readers differ in what it holds', { at: other });
      }
      return at;
    }
    return this.#fail('there is no end of the archive: the file is cut short, or no zip archive', {
      hint: 'fetch or copy the file again',
    });
  }

  #isEnd(at: number): boolean {
    const last = this.#bytes.byteLength - end.length;
    return this.#u32(at) === end.signature && this.#u16(at + 20) === last - at;
  }

  /** Where the directory is: `count` entries in `size` bytes from `start` on. */
  #extent(endAt: number): { count: number; size: number; start: number } {
    const locatorAt = endAt - locator64.length;
    const is64 = locatorAt >= 0 && this.#u32(locatorAt) === locator64.signature;
    const at = is64 ? this.#u64(locatorAt + 8) : endAt;
    if (is64 && (at + end64.length > locatorAt || this.#u32(at) !== end64.signature)) {
      this.#fail('its zip64 record is not where it should be');
    }
    const [disk, count, size, start] = is64
      ? [this.#u32(at + 16), this.#u64(at + 32), this.#u64(at + 40), this.#u64(at + 48)]
      : [this.#u16(at + 4), this.#u16(at + 10), this.#u32(at + 12), this.#u32(at + 16)];
    if (disk !== 0) this.#fail('it is one part of several');
    if (is64 && at + 12 + this.#u64(at + 4) !== locatorAt)
      this.#fail('its zip64 record is not where it should be');
    if (start + size !== at) this.#fail('its directory is not where it should be');
    if (count > size / central.length)
      this.#fail(`it claims ${count} entries in a directory of ${size} bytes`);
    return { count, size, start };
  }

  #listed(at: number, limit: number): [entry: Listed, next: number] {
    if (at + central.length > limit || this.#u32(at) !== central.signature) {
      this.#fail('its directory is damaged', { at });
    }
    const nameAt = at + central.length;
    const extraAt = nameAt + this.#u16(at + 28);
    const commentAt = extraAt + this.#u16(at + 30);
    const next = commentAt + this.#u16(at + 32);
    if (next > limit) this.#fail('its directory is damaged', { at });
    this.#allowance.take(entryObject);
    this.#allowance.text(2 * (extraAt - nameAt));
    const name = this.#text(nameAt, extraAt);
    const method = this.#u16(at + 10);
    if (this.#u16(at + 8) & flags.encrypted) this.#fail(`its entry '${name}' is encrypted`);
    const fields = [this.#u32(at + 24), this.#u32(at + 20), this.#u32(at + 42)];
    const [size, packed, offset] = this.#widened(fields, extraAt, commentAt, name) as [
      number,
      number,
      number,
    ];
    if (method !== methods.stored && method !== methods.deflated) {
      this.#fail(`its entry '${name}' is packed by method ${method}, which is not read`);
    }
    if (method === methods.stored && size !== packed) {
      this.#fail(`its entry '${name}' claims ${size} bytes and stores ${packed}`);
    }
    return [{ name, method, crc: this.#u32(at + 16), size, packed, offset }, next];
  }

  /** Fields with the 64-bit values of the extra field in place of the saturated ones. */
  #widened(fields: readonly number[], from: number, to: number, name: string): number[] {
    if (!fields.includes(saturated32)) return [...fields];
    for (let at = from; at + 4 <= to; at += 4 + this.#u16(at + 2)) {
      if (this.#u16(at) !== extra64) continue;
      const stop = Math.min(to, at + 4 + this.#u16(at + 2));
      let value = at + 4;
      return fields.map((field) => {
        if (field !== saturated32) return field;
        if (value + 8 > stop) return this.#fail(`its entry '${name}' lacks a 64-bit size`);
        value += 8;
        return this.#u64(value - 8);
      });
    }
    // 4 GiB less one byte is a size like any other
    return [...fields];
  }

  #checkNames(listed: readonly Listed[]): void {
    const seen = new Set<string>();
    for (const { name } of listed) {
      if (seen.has(name)) this.#fail(`its entry '${name}' occurs twice`);
      seen.add(name);
    }
  }

  /** Looks every entry up behind its local header. */
  #placed(listed: readonly Listed[], directoryStart: number): ZipEntry[] {
    const contents = new Map<string, Uint8Array>();
    let free = 0;
    let described = false;
    for (const entry of [...listed].sort((a, b) => a.offset - b.offset)) {
      const { name, offset, packed } = entry;
      if (offset < free) this.#fail(`its entry '${name}' overlaps another`);
      const nameAt = offset + local.length;
      if (nameAt > directoryStart || this.#u32(offset) !== local.signature) {
        this.#fail(`its entry '${name}' is not where the directory says`);
      }
      this.#checkGap(free, offset, described);
      const extraAt = nameAt + this.#u16(offset + 26);
      const dataAt = extraAt + this.#u16(offset + 28);
      if (dataAt + packed > directoryStart) {
        this.#fail(`truncated: its entry '${name}' takes ${packed} bytes from ${dataAt} on`);
      }
      if (this.#text(nameAt, extraAt) !== name) this.#fail(`its entry '${name}' has another name in place`);
      this.#checkLocal(entry, { extraAt, dataAt });
      contents.set(name, this.#bytes.subarray(dataAt, dataAt + packed));
      free = dataAt + packed;
      described = (this.#u16(offset + 6) & flags.described) !== 0;
    }
    this.#checkGap(free, directoryStart, described);
    return listed.map(({ name, method, crc, size }) => ({
      name,
      method,
      crc,
      size,
      content: contents.get(name)!,
    }));
  }

  /** Nothing may lie between entries but the sizes of one that were not known when it was begun. */
  #checkGap(from: number, to: number, described: boolean): void {
    const gap = to - from;
    if (gap === 0 || (described && descriptorLengths.includes(gap))) return;
    this.#fail(`${gap} bytes belong to none of its entries`, { at: from });
  }

  /** An entry's local header must say what the directory says: readers differ in which of them they believe. */
  #checkLocal(
    { name, method, crc, size, packed, offset }: Listed,
    { extraAt, dataAt }: { extraAt: number; dataAt: number },
  ): void {
    const flag = this.#u16(offset + 6);
    const stated = [this.#u32(offset + 22), this.#u32(offset + 18)];
    const sizes = this.#widened(stated, extraAt, dataAt, name);
    const said = [this.#u32(offset + 14), sizes[0]!, sizes[1]!];
    // PyTorch writes 0 where it was told to spare itself the checksums
    const wanted = [crc === 0 ? said[0] : crc, size, packed];
    const isLater = (flag & flags.described) !== 0;
    const agrees = said.every((value, i) => value === wanted[i] || (isLater && value === 0));
    if (agrees && this.#u16(offset + 8) === method && (flag & flags.encrypted) === 0) return;
    this.#fail(`its entry '${name}' says something else in place than in the directory`, { at: offset });
  }

  #text(from: number, to: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(from, to));
    } catch {
      return this.#fail('the name of an entry is not UTF-8 text', { at: from });
    }
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Beyond exact integers it is rounded, and too large for any file in either case. */
  #u64(at: number): number {
    return this.#u32(at) + this.#u32(at + 4) * 2 ** 32;
  }

  #fail(what: string, { at, hint }: { at?: number; hint?: string } = {}): never {
    const where = at === undefined ? '' : ` (at byte ${at})`;
    throw new FormatError('BAD_FILE', `${this.#source}: ${what}${where}`, {
      hint,
      details: { source: this.#source, byte: at },
    });
  }
}
