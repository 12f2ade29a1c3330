import { createHash } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  type Dataset,
  type DatasetContext,
  defineDataset,
  LimbeckError,
  type OpenDataset,
  type PublishedFile,
  type Split,
} from '@limbeck/core';
import { type PickledData, readPickledData, readRegularFile, tarEntries } from '@limbeck/formats';
import { z } from 'zod';
import { badData } from './idx.js';

const pixels = 3 * 32 * 32;
/** Bytes that the archives unpack to, at most: 60,000 images with labels and names. */
const largest = 200 << 20;
const unpack = promisify(gunzip);

interface Options {
  readonly path?: string | undefined;
  readonly labels: 'fine' | 'coarse';
}

/** How one of the two is published. */
interface Layout {
  readonly id: 'cifar10' | 'cifar100';
  readonly description: string;
  readonly classes: { readonly fine: number; readonly coarse?: number };
  readonly files: readonly PublishedFile[];
  /** Names of the files of each split, without their folder, in the binary and in the Python archive. */
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Of all training pixels. */
  readonly normalization: NonNullable<OpenDataset['normalization']>;
}

const published = (name: string, size: number, sha256: string): PublishedFile => ({
  name,
  size,
  sha256,
  urls: [`https://www.cs.toronto.edu/~kriz/${name}`],
});

const options = z.strictObject({
  path: z.string().min(1).optional().describe('the archive, binary or Python, .tar.gz. Absent: as fetched'),
  labels: z.enum(['fine', 'coarse']).default('fine').describe('of CIFAR-100: 100 classes or 20'),
});

/** CIFAR-10 (Krizhevsky, 2009): 50,000 and 10,000 photographs of 32 x 32 pixels in ten classes. */
export const cifar10 = cifar({
  id: 'cifar10',
  description: 'CIFAR-10: 50,000 training and 10,000 test photographs, 32 x 32 in colour, 10 classes.',
  classes: { fine: 10 },
  files: [
    published(
      'cifar-10-binary.tar.gz',
      170_052_171,
      'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    ),
  ],
  train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}`),
  test: ['test_batch'],
  normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
});

/** CIFAR-100: as many photographs in a hundred classes, which are grouped into twenty. */
export const cifar100 = cifar({
  id: 'cifar100',
  description:
    'CIFAR-100: 50,000 training and 10,000 test photographs, 32 x 32 in colour, 100 classes in 20 groups.',
  classes: { fine: 100, coarse: 20 },
  files: [
    published(
      'cifar-100-binary.tar.gz',
      168_513_733,
      '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
    ),
  ],
  train: ['train'],
  test: ['test'],
  // as the code of the distillation papers has them
  normalization: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
});

function cifar(layout: Layout): Dataset<Options> {
  return defineDataset<Options>({
    id: layout.id,
    description: layout.description,
    options,
    files: layout.files,
    async open({ path: given, labels }: Options, { dataDir }: DatasetContext): Promise<OpenDataset> {
      const file =
        given === undefined ? path.join(dataDir, layout.id, layout.files[0]!.name) : path.resolve(given);
      const kind = labels === 'coarse' && layout.classes.coarse !== undefined ? 'coarse' : 'fine';
      const entries = await entriesOf(file, layout.id);
      const names = classNames(entries, kind, layout.classes[kind]!, file);
      const read = (files: readonly string[]) =>
        files.map((name) => batchOf(entries, name, { layout, kind, file }));
      const [train, test] = [read(layout.train), read(layout.test)];
      const hash = createHash('sha256').update(kind);
      for (const { images, labels: own } of [...train, ...test]) hash.update(images).update(own);
      return {
        classes: names.length,
        classNames: names,
        imageShape: [3, 32, 32],
        normalization: layout.normalization,
        train: splitOf(train),
        test: splitOf(test),
        fingerprint: `sha256:${hash.digest('hex')}`,
      };
    },
  });
}

interface Batch {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

function splitOf(batches: readonly Batch[]): Split {
  const labels = Int32Array.from(batches.flatMap(({ labels: own }) => [...own]));
  const starts: number[] = [];
  let count = 0;
  for (const { labels: own } of batches) {
    starts.push(count);
    count += own.length;
  }
  return {
    length: count,
    labels,
    read(index, into, offset) {
      if (!(index >= 0 && index < count)) throw new RangeError(`image ${index} is outside [0, ${count})`);
      const batch = starts.findLastIndex((start) => start <= index);
      const at = (index - starts[batch]!) * pixels;
      into.set(batches[batch]!.images.subarray(at, at + pixels), offset);
    },
  };
}

/** Files of the archive by their names without the folder. */
async function entriesOf(file: string, id: string): Promise<ReadonlyMap<string, Uint8Array>> {
  let packed: Uint8Array;
  try {
    packed = await readRegularFile(file);
  } catch (cause) {
    throw new LimbeckError('NOT_FOUND', `${id} is not in ${file}`, {
      hint: `run 'limbeck data fetch ${id}', or name the archive with the option 'path'`,
      details: { id, path: file },
      cause,
    });
  }
  let bytes: Uint8Array;
  try {
    bytes = await unpack(packed, { maxOutputLength: largest });
  } catch (cause) {
    throw badData(file, `is no archive of ${id}: ${(cause as Error).message}`, cause);
  }
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const found = tarEntries(read, { source: file, length: bytes.length });
  return new Map(
    [...found].map(({ name, offset, size }) => [
      name.split('/').at(-1)!,
      bytes.subarray(offset, offset + size),
    ]),
  );
}

interface Wanted {
  readonly layout: Layout;
  readonly kind: 'fine' | 'coarse';
  readonly file: string;
}

function batchOf(entries: ReadonlyMap<string, Uint8Array>, name: string, wanted: Wanted): Batch {
  const binary = entries.get(`${name}.bin`);
  const pickled = entries.get(name);
  const { layout, kind, file } = wanted;
  if (binary === undefined && pickled === undefined)
    throw badData(file, `has no '${name}': it is no archive of ${layout.id}`);
  const batch = binary === undefined ? fromPickle(pickled!, name, wanted) : fromBinary(binary, name, wanted);
  const classes = layout.classes[kind]!;
  const outside = batch.labels.findIndex((label) => label >= classes);
  if (outside < 0) return batch;
  throw badData(
    file,
    `gives image ${outside} of '${name}' the label ${batch.labels[outside]}; there are ${classes} classes`,
  );
}

/** One record an image: its labels, a byte each (of CIFAR-100 the coarse one first), and the planes of red, green and blue. */
function fromBinary(bytes: Uint8Array, name: string, { layout, kind, file }: Wanted): Batch {
  const before = layout.classes.coarse === undefined ? 1 : 2;
  const record = before + pixels;
  const count = bytes.length / record;
  if (!Number.isInteger(count) || count === 0)
    throw badData(file, `has ${bytes.length} bytes in '${name}', which are no whole images`);
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = bytes[i * record + (kind === 'fine' ? before - 1 : 0)]!;
    images.set(bytes.subarray(i * record + before, (i + 1) * record), i * pixels);
  }
  return { images, labels };
}

function fromPickle(bytes: Uint8Array, name: string, { layout, kind, file }: Wanted): Batch {
  const value = readPickledData(bytes, { source: `${file}: ${name}` });
  const key = layout.classes.coarse === undefined ? 'labels' : `${kind}_labels`;
  if (!(value instanceof Map)) throw badData(file, `holds no images in '${name}'`);
  const data = (value as ReadonlyMap<string, PickledData>).get('data');
  const labels = (value as ReadonlyMap<string, PickledData>).get(key);
  const isBytes = typeof data === 'object' && data !== null && 'shape' in data && data.shape[1] === pixels;
  if (!isBytes || !Array.isArray(labels) || !labels.every((label) => Number.isInteger(label) && label >= 0)) {
    throw badData(file, `holds no images and '${key}' in '${name}'`);
  }
  const own = Uint8Array.from(labels as number[]);
  const { shape, data: images } = data as { shape: readonly number[]; data: Uint8Array };
  if (shape[0] !== own.length)
    throw badData(file, `has ${shape[0]} images and ${own.length} labels in '${name}'`);
  return { images, labels: own };
}

/** The archives bring the names: a line each in the binary one, a list in the pickled one. */
function classNames(
  entries: ReadonlyMap<string, Uint8Array>,
  kind: 'fine' | 'coarse',
  classes: number,
  file: string,
): readonly string[] {
  const lines =
    entries.get(`${kind}_label_names.txt`) ?? (kind === 'fine' ? entries.get('batches.meta.txt') : undefined);
  let names: readonly unknown[] = [];
  if (lines !== undefined)
    names = Buffer.from(lines)
      .toString('utf8')
      .split('\n')
      .map((name) => name.trim())
      .filter(Boolean);
  else {
    const meta = entries.get('meta') ?? entries.get('batches.meta');
    const value = meta && readPickledData(meta, { source: `${file}: meta` });
    if (value instanceof Map) names = value.get(`${kind}_label_names`) ?? value.get('label_names') ?? [];
  }
  if (names.length === classes && names.every((name) => typeof name === 'string'))
    return names as readonly string[];
  throw badData(file, `has ${names.length} names of classes, expected are ${classes}`);
}
