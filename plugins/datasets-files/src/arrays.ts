import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  defineDataset,
  type ImageShape,
  LimbeckError,
  noTargets,
  type OpenDataset,
  type Split,
  type Targets,
  targetsOf,
} from '@limbeck/core';
import { type FileTensor, openSafetensors, readNpy, readNpz, readRegularFile } from '@limbeck/formats';
import { z } from 'zod';
import { choiceFingerprint } from './choice-fingerprint.js';
import { badData } from './failure.js';

interface Options {
  readonly path: string;
  readonly layout: 'auto' | 'NHWC' | 'NCHW';
  readonly classNames?: readonly string[] | undefined;
}

/** Names of arrays: a split's name with `images` or `labels`, as MedMNIST has them, or as most tutorials do. */
const splitNames = {
  train: ['train', ''],
  validation: ['val', 'validation', 'valid'],
  test: ['test'],
} as const;
const imageNames = ['images', 'x', 'data', 'arr_0'];
const labelNames = ['labels', 'y', 'targets', 'arr_1'];

/** Images and labels in arrays: .npz, a .npy file beside its labels, or safetensors; MedMNIST's files as they are published. */
export const arrays = defineDataset<Options>({
  id: 'arrays',
  description:
    'Images and labels as arrays in .npz (MedMNIST too), .npy or .safetensors, bytes or floats in [0, 1].',
  options: z.strictObject({
    path: z
      .string()
      .min(1)
      .describe('the file; arrays are called train_images, train_labels, test_images ... or images, labels'),
    layout: z
      .enum(['auto', 'NHWC', 'NCHW'])
      .default('auto')
      .describe('order of the axes; `auto` finds 1 or 3 channels'),
    classNames: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('names of the classes. Absent: their numbers'),
  }),
  files: [],
  async open({ path: given, layout, classNames }): Promise<OpenDataset> {
    const file = path.resolve(given);
    const bytes = await read(file);
    const tensors = await tensorsOf(file, bytes);
    const splits: Record<string, { shape: ImageShape; split: Split }> = {};
    for (const [name, prefixes] of Object.entries(splitNames)) {
      const images = find(tensors, prefixes, imageNames);
      if (images === undefined) continue;
      splits[name] = splitOf(images, find(tensors, prefixes, labelNames), { file, layout });
    }
    const [first, ...others] = Object.values(splits);
    if (first === undefined) {
      throw badData(
        file,
        `has no images: its arrays are ${[...tensors.keys()].join(', ')}`,
        'call them train_images and train_labels, test_images and test_labels',
      );
    }
    const odd = others.find(({ shape }) => shape.join() !== first.shape.join());
    if (odd !== undefined) {
      throw badData(
        file,
        `has images [${first.shape.join(', ')}] and [${odd.shape.join(', ')}]`,
        'give all splits images of one shape',
      );
    }
    const labelled = Object.values(splits).map(({ split }) => classesOf(split));
    const most = Math.max(1, ...labelled);
    if (classNames !== undefined && most > classNames.length) {
      throw badData(
        file,
        `has the label ${most - 1}; there are ${classNames.length} classes`,
        'labels count from 0; name every class in data.classNames',
      );
    }
    const classes = classNames?.length ?? most;
    return {
      classes,
      classNames: classNames ?? Array.from({ length: classes }, (_, label) => String(label)),
      imageShape: first.shape,
      splits: Object.fromEntries(Object.entries(splits).map(([name, { split }]) => [name, split])),
      fingerprint: choiceFingerprint(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, {
        layout: layout === 'auto' ? undefined : layout,
      }),
    };
  },
});

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_FS_FILE_TOO_LARGE') {
      throw badData(
        file,
        'is too large to be held in memory: 2 GiB are read at most',
        'save the images as files, as Parquet or in tar shards',
        cause,
      );
    }
    throw new LimbeckError('NOT_FOUND', `cannot read ${file}: ${(cause as Error).message}`, {
      hint: 'name a .npz, .npy or .safetensors file with data.path',
      details: { path: file },
      cause,
    });
  }
}

async function tensorsOf(file: string, bytes: Uint8Array): Promise<ReadonlyMap<string, FileTensor>> {
  const kind = path.extname(file).toLowerCase();
  const source = { source: file };
  if (kind === '.npz') return readNpz(bytes, source).tensors;
  if (kind === '.safetensors') return openSafetensors(bytes, source).tensors;
  if (kind !== '.npy') throw badData(file, 'is no file of arrays', 'name a .npz, .npy or .safetensors file');
  const beside = file.replace(/(images|x|data)?\.npy$/i, (_, name?: string) =>
    name === undefined ? '_labels.npy' : 'labels.npy',
  );
  const labels = await readRegularFile(beside).then(
    (found) => readNpy(found, { source: beside }).tensors.get('arr_0'),
    () => undefined,
  );
  return new Map([
    ['images', readNpy(bytes, source).tensors.get('arr_0')!],
    ...(labels ? [['labels', labels] as const] : []),
  ]);
}

function find(
  tensors: ReadonlyMap<string, FileTensor>,
  prefixes: readonly string[],
  names: readonly string[],
) {
  for (const prefix of prefixes) {
    for (const name of names) {
      for (const whole of prefix === '' ? [name] : [`${prefix}_${name}`, `${name}_${prefix}`]) {
        const found = tensors.get(whole);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function splitOf(
  images: FileTensor,
  labels: FileTensor | undefined,
  { file, layout }: { file: string; layout: Options['layout'] },
): { shape: ImageShape; split: Split } {
  const { dtype } = images;
  const sizes = images.shape.length === 3 ? [...images.shape, 1] : images.shape;
  if (sizes.length !== 4) {
    throw badData(
      file,
      `has images of the shape [${images.shape.join(', ')}]`,
      'give images [N, H, W], [N, H, W, C] or [N, C, H, W]',
    );
  }
  const isLast =
    images.shape.length === 3 || layout === 'NHWC' || (layout === 'auto' && [1, 3].includes(sizes[3]!));
  const [length, a, b, c] = sizes as [number, number, number, number];
  const shape: ImageShape = isLast ? [c, a, b] : [a, b, c];
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3) {
    throw badData(
      file,
      `has images of ${channels} channels: [${images.shape.join(', ')}]`,
      'give 1 or 3 channels, and say data.layout where the order of axes is not clear',
    );
  }
  if (dtype !== 'uint8' && dtype !== 'float32' && dtype !== 'float64') {
    throw badData(file, `has images of type ${dtype}`, 'give bytes, or floats from 0 to 1');
  }
  const values = images.data as Uint8Array | Float32Array | Float64Array;
  if (dtype !== 'uint8') refuseOutside(values as Float32Array, file);
  const toByte = dtype === 'uint8' ? (value: number) => value : (value: number) => Math.round(255 * value);
  const one = channels * height * width;
  const plane = height * width;
  return {
    shape,
    split: {
      length,
      targets: labels === undefined ? noTargets : targetsFrom(labels, length, file),
      read(index, into, offset) {
        const start = index * one;
        if (!isLast || channels === 1) {
          for (let i = 0; i < one; i++) into[offset + i] = toByte(values[start + i]!);
          return;
        }
        for (let pixel = 0; pixel < plane; pixel++) {
          for (let channel = 0; channel < channels; channel++) {
            into[offset + channel * plane + pixel] = toByte(values[start + pixel * channels + channel]!);
          }
        }
      },
    },
  };
}

function refuseOutside(values: Float32Array | Float64Array, file: string): void {
  const at = values.findIndex((value) => !(value >= 0 && value <= 1));
  if (at < 0) return;
  throw badData(
    file,
    `has the value ${values[at]} among its images`,
    'floats are read from 0 to 1; save bytes, or divide by 255',
  );
}

function targetsFrom(labels: FileTensor, length: number, file: string): Targets {
  const values = Array.from(labels.data as ArrayLike<number | bigint>, Number);
  const [count, width = 1] = labels.shape;
  if (count !== length)
    throw badData(file, `has ${length} images and ${count} labels`, 'give every image one label');
  const wrong = values.find((value) => !(Number.isInteger(value) && value >= 0));
  if (wrong !== undefined)
    throw badData(file, `has the label ${wrong}`, 'labels are whole numbers from 0 on');
  if (width === 1) return { kind: 'index', values: Int32Array.from(values) };
  if (values.every((value) => value <= 1)) return { kind: 'multi-hot', values: Float32Array.from(values) };
  throw badData(file, `has ${width} labels an image`, 'give one class an image, or 0 and 1 for every class');
}

/** Classes that targets speak of. */
function classesOf(split: Split): number {
  const targets = targetsOf(split);
  if (targets.kind === 'none') return 1;
  if (targets.kind !== 'index') return targets.values.length / split.length;
  return targets.values.reduce((most, label) => Math.max(most, label), 0) + 1;
}
