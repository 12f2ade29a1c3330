import { byteSize, type ElementType, elementBytes, isCount, mostAxes } from '../element-types.js';
import { FormatError } from '../errors.js';

/** `\x93NUMPY`, the first bytes of every .npy file. */
export const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;
/** NumPy itself refuses longer headers of arrays that it does not trust. */
const maxHeaderBytes = 10_000;

/** NumPy's letters for kind and size of an element. */
export const typeCodes: Readonly<Partial<Record<ElementType, string>>> = {
  float64: 'f8',
  float32: 'f4',
  float16: 'f2',
  int64: 'i8',
  int32: 'i4',
  int16: 'i2',
  int8: 'i1',
  uint64: 'u8',
  uint32: 'u4',
  uint16: 'u2',
  uint8: 'u1',
  bool: 'b1',
};
const elementTypes = new Map(Object.entries(typeCodes).map(([type, code]) => [code, type as ElementType]));

export interface NpyHeader {
  /** `text` where the array holds UTF-32 text of `bytesPerElement` bytes an element. */
  readonly dtype: ElementType | 'text';
  readonly bytesPerElement: number;
  readonly bigEndian: boolean;
  /** The first axis runs fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements start. */
  readonly dataStart: number;
}

export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads the header of a .npy file, versions 1 to 3, and checks that the elements fill the rest.
 *
 * @throws FormatError BAD_FILE
 */
export function readNpyHeader(bytes: Uint8Array, source: string): NpyHeader {
  const fail = (what: string, hint?: string): never => {
    throw new FormatError('BAD_FILE', `${source}: ${what}`, { hint, details: { source } });
  };
  if (!isNpy(bytes) || bytes.length < 12) return fail('this is no NumPy array');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) return fail(`the header is of version ${version}, which is not read`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes)
    return fail(`the header claims ${length} bytes, NumPy allows ${maxHeaderBytes}`);
  const dataStart = start + length;
  if (dataStart > bytes.length) return fail('truncated within the header');
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, dataStart));
  const parsed = parse(text) ?? fail(`the header is no description of an array: ${text.trim().slice(0, 80)}`);
  const { descr, fortranOrder, shape } = parsed;
  if (shape.length > mostAxes) return fail(`the array has ${shape.length} axes, NumPy allows ${mostAxes}`);
  const type = readType(descr) ?? fail(`elements of type ${descr.slice(0, 80)} are not read`, hintFor(descr));
  const size = byteSize(shape, type.bytesPerElement);
  if (size === undefined) return fail(`the array has the impossible shape [${shape.join(', ')}]`);
  const present = bytes.length - dataStart;
  if (size !== present)
    return fail(`an array of shape [${shape.join(', ')}] takes ${size} bytes, ${present} are there`);
  return { ...type, fortranOrder, shape, dataStart };
}

/** The Python literal that NumPy writes, its keys in any order. */
function parse(text: string): { descr: string; fortranOrder: boolean; shape: number[] } | undefined {
  const inner = /^\{(.*)\}\s*$/s.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const found = new Map<string, string>();
  let rest = inner.trim();
  while (rest !== '') {
    const entry = /^'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,]*\)|\[[^\]]*\])\s*(,\s*|$)/.exec(rest);
    if (entry === null || found.has(entry[1]!)) return undefined;
    found.set(entry[1]!, entry[2]!);
    rest = rest.slice(entry[0].length);
  }
  const [descr, order, sizes] = [found.get('descr'), found.get('fortran_order'), found.get('shape')];
  if (descr === undefined || sizes === undefined || !/^(True|False)$/.test(order ?? '')) return undefined;
  const shape = sizes.startsWith('(') ? sizes.slice(1, -1).split(',') : undefined;
  if (shape === undefined) return undefined;
  if (shape.at(-1)!.trim() === '') shape.pop();
  const numbers = shape.map((size) => (/^\s*\d+\s*$/.test(size) ? Number(size) : Number.NaN));
  if (!numbers.every(isCount)) return undefined;
  return { descr: descr.replace(/^'(.*)'$/s, '$1'), fortranOrder: order === 'True', shape: numbers };
}

function readType(descr: string): Pick<NpyHeader, 'dtype' | 'bytesPerElement' | 'bigEndian'> | undefined {
  const match = /^([<>|=]?)([a-zA-Z])(\d{1,6})$/.exec(descr);
  if (match === null) return undefined;
  const [, order, kind, size] = match as unknown as [string, string, string, string];
  const bigEndian = order === '>';
  if (kind === 'U') return { dtype: 'text', bytesPerElement: 4 * Number(size), bigEndian };
  const dtype = elementTypes.get(`${kind}${size}`);
  return dtype && { dtype, bytesPerElement: elementBytes(dtype), bigEndian };
}

function hintFor(descr: string): string | undefined {
  if (/^\|?O/.test(descr))
    return 'arrays of Python objects run code when they are loaded; save numbers instead';
  if (/V2$/.test(descr)) return 'if this is bfloat16, which NumPy does not know, save it as float32';
  return undefined;
}
