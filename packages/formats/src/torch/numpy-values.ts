import { viewElements } from '../element-types.js';
import { float16ToFloat32 } from '../float16.js';
import { exact } from '../pickle/bytes.js';
import { PickleGlobal, PickleObject, type PickleValue } from '../pickle/values.js';

type Call = (args: readonly PickleValue[]) => PickleValue | undefined;

/** A NumPy number: its dtype, and its bytes in that type. */
const scalar: Call = ([dtype, bytes]) => {
  if (
    !(dtype instanceof PickleObject) ||
    dtype.className !== 'numpy.dtype' ||
    !(bytes instanceof Uint8Array)
  ) {
    return undefined;
  }
  const code = dtype.args[0];
  const read = typeof code === 'string' ? scalarTypes[code] : undefined;
  return read?.(bytes);
};

const ofWidth =
  (width: number, read: (bytes: Uint8Array) => number | bigint | boolean) => (bytes: Uint8Array) => {
    if (bytes.length !== width) return undefined;
    const value = read(bytes);
    return typeof value === 'bigint' ? exact(value) : value;
  };

const scalarTypes: Readonly<Record<string, (bytes: Uint8Array) => PickleValue | undefined>> = {
  f8: ofWidth(8, (bytes) => viewElements('float64', bytes)[0]!),
  f4: ofWidth(4, (bytes) => viewElements('float32', bytes)[0]!),
  f2: ofWidth(2, (bytes) => float16ToFloat32(viewElements('float16', bytes))[0]!),
  i8: ofWidth(8, (bytes) => viewElements('int64', bytes)[0]!),
  i4: ofWidth(4, (bytes) => viewElements('int32', bytes)[0]!),
  i2: ofWidth(2, (bytes) => viewElements('int16', bytes)[0]!),
  i1: ofWidth(1, (bytes) => viewElements('int8', bytes)[0]!),
  u8: ofWidth(8, (bytes) => viewElements('uint64', bytes)[0]!),
  u4: ofWidth(4, (bytes) => viewElements('uint32', bytes)[0]!),
  u2: ofWidth(2, (bytes) => viewElements('uint16', bytes)[0]!),
  u1: ofWidth(1, (bytes) => bytes[0]!),
  b1: ofWidth(1, (bytes) => bytes[0] === 1),
};

/** Bytes as protocol 2 writes them: `_codecs.encode(text, 'latin1')`. */
const encode: Call = ([text, encoding]) => {
  if (typeof text !== 'string' || encoding !== 'latin1') return undefined;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0xff) return undefined;
    bytes[i] = unit;
  }
  return bytes;
};

const array: Call = ([type]) =>
  type instanceof PickleGlobal && type.name === 'numpy.ndarray'
    ? new PickleObject('numpy.ndarray', [])
    : undefined;

/** NumPy's numbers become numbers; its arrays, such as the states of generators, are known as such and not read. */
export const numpyCalls: Readonly<Record<string, Call>> = {
  'numpy.dtype': (args) => new PickleObject('numpy.dtype', args),
  'numpy.core.multiarray.scalar': scalar,
  'numpy._core.multiarray.scalar': scalar,
  'numpy.core.multiarray._reconstruct': array,
  'numpy._core.multiarray._reconstruct': array,
  '_codecs.encode': encode,
};
