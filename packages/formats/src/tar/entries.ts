import { Header, Pax } from 'tar';
import { FormatError } from '../errors.js';

/** A file inside a tar archive. */
export interface TarEntry {
  /** Path inside the archive, with slashes. */
  readonly name: string;
  /** First byte of its content. */
  readonly offset: number;
  readonly size: number;
}

/** Gives bytes of an archive; fewer where it ends. */
export type ByteSource = (offset: number, length: number) => Uint8Array;

const block = 512;
/** A long name or a record of attributes is at most this long. */
const longestRecord = 1 << 20;

/** Where an archive lies. */
export interface TarPlace {
  /** What messages call it. */
  readonly source: string;
  /** First byte of the archive in the file. Default 0. */
  readonly start?: number;
  /** Its bytes. Default: to the end of the file. */
  readonly length?: number;
}

/**
 * The files of a tar archive, in its order, without their content. The archive need not be trusted: names that lead outside,
 * links, devices and names that occur twice are refused. Nothing is unpacked.
 *
 * @throws FormatError BAD_FILE
 */
export function* tarEntries(
  read: ByteSource,
  { source, start = 0, length = Number.POSITIVE_INFINITY }: TarPlace,
): Generator<TarEntry> {
  const seen = new Set<string>();
  const end = start + length;
  let about: Attributes = {};
  let blank = 0;
  for (let at = start; at + block <= end; ) {
    const bytes = Buffer.from(read(at, block));
    if (bytes.length === 0 && at > start) return;
    if (bytes.length < block) throw bad(source, `it is cut short after ${at - start + bytes.length} bytes`);
    const header = new Header(bytes, 0, about.extended, undefined);
    at += block;
    if (header.nullBlock) {
      if (++blank === 2) return;
      continue;
    }
    const content = at;
    const size = sizeOf(header, { source, at: at - block });
    at += Math.ceil(size / block) * block;
    if (content + size > end) throw bad(source, 'its last entry is cut short');
    if (records.has(header.type)) {
      if (size > longestRecord) throw bad(source, `a record of attributes claims ${size} bytes`);
      about = {
        ...about,
        ...attributesOf(header.type, Buffer.from(read(content, size)).toString('utf8'), about),
      };
      continue;
    }
    const name = (about.longName ?? header.path ?? '').replace(/^(\.\/)+/, '');
    about = {};
    if (header.type === 'Directory' || name === '') continue;
    checkName(name, header.type, source);
    if (seen.has(name)) throw bad(source, `the entry '${name}' is there twice`);
    seen.add(name);
    yield { name, offset: content, size };
  }
}

/** What records before an entry say about it. */
interface Attributes {
  readonly extended?: Pax;
  readonly longName?: string;
}

const records: ReadonlySet<string> = new Set([
  'ExtendedHeader',
  'GlobalExtendedHeader',
  'NextFileHasLongPath',
]);

function sizeOf(header: Header, { source, at }: { source: string; at: number }): number {
  if (!header.cksumValid) throw bad(source, `the header at byte ${at} is damaged`);
  const size = header.size ?? 0;
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw bad(source, `an entry claims ${size} bytes`);
}

function attributesOf(type: string, text: string, { extended }: Attributes): Attributes {
  if (type === 'ExtendedHeader') return { extended: Pax.parse(text, extended, false) };
  return type === 'NextFileHasLongPath' ? { longName: text.replace(/\0[\s\S]*$/, '') } : {};
}

function checkName(name: string, type: string, source: string): void {
  if (type !== 'File' && type !== 'OldFile' && type !== 'ContiguousFile') {
    throw bad(source, `the entry '${name}' is no file but a ${type}`);
  }
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.split(/[/\\]/).includes('..')) {
    throw bad(source, `the entry '${name}' leads outside the archive`);
  }
}

const bad = (source: string, what: string): FormatError =>
  new FormatError('BAD_FILE', `${source}: ${what}`, {
    hint: 'fetch or make the archive again',
    details: { source },
  });
