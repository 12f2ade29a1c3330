import { encodeOnnx, writeNpz, writeSafetensors, writeTorch } from '@limbeck/formats';
import { zipSync } from 'fflate';

/** A kind of large file: how one of a size is made, and whether it has to be read. */
export interface LargeFile {
  readonly name: string;
  /** What the reader is told; the ending matters for ONNX. */
  readonly ending: string;
  /** A sound file has to be read; of any other it is enough that it is refused. */
  readonly isSound: boolean;
  make(bytes: number): Uint8Array;
}

const floats = (bytes: number) =>
  ({ dtype: 'float32', shape: [bytes >> 2], data: new Float32Array(bytes >> 2).fill(0.5) }) as const;

/** A length as protobuf writes it. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

/** A field of bytes around a content: tag, length, the content. */
const field = (number: number, content: Uint8Array): Uint8Array[] => [
  Uint8Array.from([...varint(8 * number + 2), ...varint(content.length)]),
  content,
];

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** An ONNX model whose graph has this content. */
const inGraph = (content: Uint8Array): Uint8Array => joined(Uint8Array.of(8, 8), ...field(7, content));

/** A tensor with a shape, an element type and one more field. */
const tensor = (size: number, type: number, number: number, content: Uint8Array): Uint8Array =>
  inGraph(
    joined(...field(5, joined(Uint8Array.from([8, ...varint(size), 16, type]), ...field(number, content)))),
  );

/** A header of safetensors around a text. */
function header(text: (bytes: number) => string): (bytes: number) => Uint8Array {
  return (bytes) => {
    const content = new TextEncoder().encode(text(Math.min(bytes, 99_000_000)));
    const file = new Uint8Array(8 + content.length);
    new DataView(file.buffer).setUint32(0, content.length, true);
    file.set(content, 8);
    return file;
  };
}

/** A checkpoint whose pickle repeats some instructions. */
const pickle =
  (...code: readonly number[]) =>
  (bytes: number): Uint8Array =>
    zipSync({ 'a/data.pkl': new Uint8Array(bytes).map((_, i) => code[i % code.length]!) }, { level: 0 });

const node = [10, 5, 34, 1, 65, 26, 0] as const;

export const largeFiles: readonly LargeFile[] = [
  {
    name: 'safetensors',
    ending: 'safetensors',
    isSound: true,
    make: (bytes) => writeSafetensors([['w', floats(bytes)]]),
  },
  { name: 'pth', ending: 'pth', isSound: true, make: (bytes) => writeTorch([['w', floats(bytes)]], {}) },
  { name: 'npz', ending: 'npz', isSound: true, make: (bytes) => writeNpz([['w', floats(bytes)]], {}) },
  {
    name: 'onnx',
    ending: 'onnx',
    isSound: true,
    make: (bytes) =>
      encodeOnnx({
        irVersion: 8,
        opsetImports: [{ domain: '', version: 17 }],
        producerName: '',
        metadata: {},
        graph: {
          name: 'g',
          nodes: [],
          inputs: [],
          outputs: [],
          initializers: [{ name: 'w', ...floats(bytes) }],
        },
      }),
  },
  {
    name: 'onnx: uint8 in int32_data',
    ending: 'onnx',
    isSound: true,
    make: (bytes) =>
      tensor(
        bytes,
        2,
        5,
        new Uint8Array(bytes).map((_, i) => i & 127),
      ),
  },
  {
    name: 'onnx: int64_data of small values',
    ending: 'onnx',
    isSound: false,
    make: (bytes) => tensor(bytes, 7, 7, new Uint8Array(bytes).fill(1)),
  },
  {
    name: 'onnx: a shape of millions',
    ending: 'onnx',
    isSound: false,
    make: (bytes) => inGraph(joined(...field(5, joined(...field(1, new Uint8Array(bytes).fill(1)))))),
  },
  {
    name: 'onnx: an attribute of millions',
    ending: 'onnx',
    isSound: false,
    make: (bytes) => {
      const attribute = joined(...field(8, new Uint8Array(bytes).fill(1)), Uint8Array.of(160, 1, 7));
      return inGraph(joined(...field(1, joined(Uint8Array.of(34, 1, 65), ...field(5, attribute)))));
    },
  },
  {
    name: 'onnx: tiny nodes',
    ending: 'onnx',
    isSound: false,
    make: (bytes) => inGraph(new Uint8Array(bytes - (bytes % 7)).map((_, i) => node[i % 7]!)),
  },
  { name: 'pth: marks', ending: 'pth', isSound: false, make: pickle(0x28) },
  { name: 'pth: empty dicts', ending: 'pth', isSound: false, make: pickle(0x7d, 0x30) },
  { name: 'pth: memories', ending: 'pth', isSound: false, make: pickle(0x4e, 0x94, 0x30) },
  { name: 'pth: lists in lists', ending: 'pth', isSound: false, make: pickle(0x5d) },
  {
    name: 'safetensors: tiny objects',
    ending: 'safetensors',
    isSound: false,
    make: header((bytes) => `{"a":[${'{},'.repeat(bytes / 3)}{}]}`),
  },
  {
    name: 'safetensors: numbers',
    ending: 'safetensors',
    isSound: false,
    make: header((bytes) => `{"a":[${'1,'.repeat(bytes / 2)}1]}`),
  },
  {
    name: 'npz: zeros, packed',
    ending: 'npz',
    isSound: false,
    make: (bytes) => zipSync({ 'w.npy': new Uint8Array(6 * bytes + (70 << 20)) }, { level: 1 }),
  },
];
