import { readdirSync, readFileSync } from 'node:fs';
import { parseIdx } from '@limbeck/datasets-vision';
import { openWeights, type WeightsFile, writeNpz } from '@limbeck/formats';
import fc from 'fast-check';
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { damaged, edits } from './edits.js';
import { pickles } from './programs.js';

/** A file that a parser is fed with, and what it was made of. */
export interface Case {
  readonly bytes: Uint8Array;
  /** As the parser is told. */
  readonly source: string;
}

/** A kind of input: how it is made and which parser takes it. */
export interface Subject {
  readonly name: string;
  readonly cases: fc.Arbitrary<Case>;
  /** Reads it and looks at every value; says how many bytes the values take. */
  read(input: Case): number;
}

/** Real files, written by the programs of the field: those that the formats' own tests read. */
const folder = new URL('../../formats/fixtures/', import.meta.url);
const fixtures = (extension: string): Case[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => ({ bytes: new Uint8Array(readFileSync(new URL(name, folder))), source: name }));

const damagedFile = (files: readonly Case[]): fc.Arbitrary<Case> =>
  fc
    .tuple(fc.constantFrom(...files), edits)
    .map(([{ bytes, source }, list]) => ({ bytes: damaged(bytes, list), source }));

/**
 * Damage inside an archive, which is put together again with checksums that are right: outside, nearly every damage ends at
 * a checksum.
 */
const damagedEntry = (
  files: readonly Case[],
  isTarget: (entry: string) => boolean,
  isKept: (entry: string) => boolean,
): fc.Arbitrary<Case> => {
  const archives = files.map(({ bytes, source }) => ({ entries: unzipSync(bytes), source }));
  const targets = archives.flatMap(({ entries, source }) =>
    Object.keys(entries)
      .filter(isTarget)
      .map((entry) => ({ entries, source, entry })),
  );
  // packing takes longer than everything else
  const level = fc.constantFrom(...new Array<0>(40).fill(0), 6 as const);
  return fc.tuple(fc.constantFrom(...targets), edits, level).map(([target, list, packed]) => {
    const { entries, source, entry } = target;
    const kept = Object.entries(entries).filter(([name]) => isKept(name));
    const changed: Zippable = { ...Object.fromEntries(kept), [entry]: damaged(entries[entry]!, list) };
    return { bytes: zipSync(changed, { level: packed }), source };
  });
};

/** A safetensors file with damage inside its header, whose length is put right. */
const damagedHeader = (files: readonly Case[]): fc.Arbitrary<Case> =>
  fc.tuple(fc.constantFrom(...files), edits).map(([{ bytes, source }, list]) => {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const header = damaged(bytes.subarray(8, 8 + length), list);
    const changed = new Uint8Array(8 + header.length + bytes.length - 8 - length);
    new DataView(changed.buffer).setUint32(0, header.length, true);
    changed.set(header, 8);
    changed.set(bytes.subarray(8 + length), 8 + header.length);
    return { bytes: changed, source };
  });

const madeUp = pickles.map(
  (pickle): Case => ({
    bytes: zipSync({ 'a/data.pkl': pickle, 'a/data/0': new Uint8Array(16) }, { level: 0 }),
    source: 'made-up.pth',
  }),
);

function readWeights({ bytes, source }: Case): number {
  return bytesOf(openWeights(bytes, { source }));
}

/** Asks for every tensor's elements, and checks that they are as many as its shape says. */
function bytesOf({ tensors }: WeightsFile): number {
  const seen = new Set<ArrayBufferView>();
  let bytes = 0;
  for (const [name, { shape, data }] of tensors) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (data.length !== size) throw new Error(`'${name}' has ${data.length} elements, its shape ${size}`);
    if (!seen.has(data)) bytes += data.byteLength;
    seen.add(data);
  }
  return bytes;
}

/** An IDX file of three images of 4 x 5 pixels, as Fashion-MNIST's. */
function idx(): Uint8Array {
  const file = new Uint8Array(16 + 60).map((_, i) => (37 * i) & 255);
  new DataView(file.buffer).setUint32(0, 0x803);
  for (const [axis, extent] of [3, 4, 5].entries()) new DataView(file.buffer).setUint32(4 + 4 * axis, extent);
  return file;
}

const isPickle = (entry: string): boolean => entry.endsWith('/data.pkl');
const isArray = (entry: string): boolean => entry.endsWith('.npy');

/** Every parser of files that need not be trusted. */
export function subjects(): Subject[] {
  const torch = [...fixtures('.pth'), ...fixtures('.pt')];
  const zipped = torch.filter(({ bytes }) => bytes[0] === 0x50);
  const legacy = torch.filter(({ bytes }) => bytes[0] !== 0x50);
  const npz = fixtures('.npz');
  const small = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } as const;
  const plain = { bytes: writeNpz([['w', small]], { note: 'x' }), source: 'small.npz' };
  const weights: readonly [string, fc.Arbitrary<Case>][] = [
    ['safetensors', damagedFile(fixtures('.safetensors'))],
    ['safetensors header', damagedHeader(fixtures('.safetensors'))],
    ['pth', damagedFile(zipped)],
    ['pth pickle', damagedEntry(zipped, isPickle, (entry) => /\/data\/\d+$/.test(entry))],
    ['pth made up', madeUp],
    ['pth legacy', damagedFile(legacy)],
    ['npz', damagedFile([...npz, plain])],
    ['npz array', damagedEntry([...npz, plain], isArray, () => false)],
    ['onnx', damagedFile(fixtures('.onnx'))],
  ];
  return [
    ...weights.map(([name, cases]) => ({ name, cases, read: readWeights })),
    {
      name: 'idx',
      cases: damagedFile([{ bytes: idx(), source: 'images.idx' }]),
      read: ({ bytes, source }) => parseIdx(bytes, source).values.byteLength,
    },
  ];
}
