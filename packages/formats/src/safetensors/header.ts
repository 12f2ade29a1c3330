import { byteSize, type ElementType, elementBytes, isCount, mostAxes } from '../element-types.js';
import { FormatError } from '../errors.js';
import { type JsonObject, type JsonValue, parseJson } from '../json.js';

/** Bytes before the header: its length, little-endian. */
export const prefixBytes = 8;
/** The format's own limit on the header. */
export const maxHeaderBytes = 100_000_000;
/** The key that holds free text about the file and is no tensor. */
export const metadataKey = '__metadata__';

/** The format's names of the element types. */
export const typeNames = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
} as const satisfies Record<ElementType, string>;

const elementTypes = new Map(
  Object.entries(typeNames).map(([dtype, name]) => [name as string, dtype as ElementType]),
);

export interface TensorEntry {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** First byte and the byte after the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of the header. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Record<string, string>;
  /** Where the tensors' bytes start in the file. */
  readonly dataStart: number;
}

/** Reads and checks everything but the tensors' values. */
export function readHeader(bytes: Uint8Array, source: string): Header {
  const dataStart = prefixBytes + headerLength(bytes, source);
  const json = bytes.subarray(prefixBytes, dataStart);
  if (json[0] !== 0x7b) fail(source, "the header does not start with '{': this is not a safetensors file");
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
  } catch (cause) {
    throw new FormatError('BAD_FILE', `${source}: the header is not UTF-8 text`, {
      details: { source },
      cause,
    });
  }
  // The first character is '{', so the value is an object.
  const root = parseJson(text, source) as JsonObject;
  const entries: TensorEntry[] = [];
  let metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of root) {
    if (name === metadataKey) metadata = readMetadata(value, source);
    else entries.push(readEntry(name, value, source));
  }
  checkLayout(entries, bytes.byteLength - dataStart, source);
  return { entries, metadata, dataStart };
}

function headerLength(bytes: Uint8Array, source: string): number {
  if (bytes.byteLength < prefixBytes) {
    return fail(source, `${bytes.byteLength} bytes are too few for a safetensors file`);
  }
  const prefix = new DataView(bytes.buffer, bytes.byteOffset, prefixBytes);
  const length = prefix.getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) {
    return fail(
      source,
      `the header claims ${length} bytes, the format allows ${maxHeaderBytes}: this is not a safetensors file`,
    );
  }
  const present = bytes.byteLength - prefixBytes;
  if (length > present) {
    return fail(
      source,
      `truncated: the header takes ${length} bytes, ${present} are there`,
      'fetch or copy the file again',
    );
  }
  return Number(length);
}

function readMetadata(value: JsonValue, source: string): Record<string, string> {
  if (!(value instanceof Map)) return fail(source, `'${metadataKey}' is not an object`);
  // Without a prototype, so that a key such as '__proto__' is a plain key.
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, text] of value as JsonObject) {
    if (typeof text !== 'string')
      return fail(source, `'${metadataKey}' has a value that is not a string: '${key}'`);
    metadata[key] = text;
  }
  return metadata;
}

function readEntry(name: string, value: JsonValue, source: string): TensorEntry {
  const bad = (what: string, hint?: string): never => fail(source, `tensor '${name}' ${what}`, hint, name);
  if (!(value instanceof Map)) return bad('is not described by an object');
  const info = value as JsonObject;
  const type = info.get('dtype');
  if (typeof type !== 'string') return bad('has no dtype');
  const dtype = elementTypes.get(type);
  if (dtype === undefined) {
    return bad(
      `is of type ${type}, which is not read`,
      `convert it to one of ${[...elementTypes.keys()].join(', ')}`,
    );
  }
  const shape = info.get('shape');
  if (!Array.isArray(shape) || !shape.every(isCount)) return bad('has no shape made of sizes');
  if (shape.length > mostAxes) return bad(`has ${shape.length} axes, more than ${mostAxes}`);
  const offsets = info.get('data_offsets');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return bad('has no data_offsets made of two positions');
  }
  const [begin, end] = offsets as [number, number];
  const size = byteSize(shape, elementBytes(dtype));
  if (size === undefined) return bad(`has the impossible shape [${shape.join(', ')}]`);
  if (end - begin !== size) {
    return bad(
      `of type ${type} and shape [${shape.join(', ')}] needs ${size} bytes, its offsets span ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** The tensors must cover the data exactly: no overlap, no hole, nothing after the last. */
function checkLayout(entries: readonly TensorEntry[], dataBytes: number, source: string): void {
  const inOrder = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of inOrder) {
    if (begin < covered)
      fail(source, `tensor '${name}' overlaps the one before it at byte ${begin}`, undefined, name);
    if (begin > covered) fail(source, `bytes ${covered} to ${begin} belong to no tensor`, undefined, name);
    covered = end;
  }
  if (covered > dataBytes) {
    fail(
      source,
      `truncated: the tensors take ${covered} bytes, ${dataBytes} are there`,
      'fetch or copy the file again',
    );
  }
  if (covered < dataBytes) fail(source, `${dataBytes - covered} bytes follow the last tensor`);
}

function fail(source: string, what: string, hint?: string, tensor?: string): never {
  throw new FormatError('BAD_FILE', `${source}: ${what}`, { hint, details: { source, tensor } });
}
