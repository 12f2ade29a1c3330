import type { PlainRun } from '@limbeck/core';
import type { Values } from './values.js';

type Data = PlainRun['data'];
type Changes = Exclude<NonNullable<Data['augment']>[number], string>[];

/** A change as the sources write it -> ours. */
const changes: readonly (readonly [RegExp, (found: RegExpExecArray) => Changes])[] = [
  [/^RandomCrop\(\d+, padding=(\d+)\)$/, ([, pad]) => [{ use: 'pad-crop', pad: Number(pad) }]],
  [/^Pad\((\d+), reflect\)$/, ([, pad]) => [{ use: 'pad-crop', pad: Number(pad) }]],
  // what crops a padded image again: `pad-crop` does both
  [/^RandomCrop\(\d+\)$/, () => []],
  [/^RandomHorizontalFlip$/, () => [{ use: 'flip' }]],
  [/^RandomResizedCrop\((\d+)\)$/, ([, size]) => [{ use: 'random-resized-crop', size: Number(size) }]],
  [/^RandomRotation\((\d+)\)$/, ([, degrees]) => [{ use: 'rotation', degrees: Number(degrees) }]],
  [
    // timm's RandAugment comes after the crop and the flip, which its configurations do not name
    /^rand-m(\d+)-mstd[\d.]+-inc1$/,
    ([, magnitude]) => [
      { use: 'random-resized-crop', size: 224 },
      { use: 'flip' },
      { use: 'rand-augment', count: 2, magnitude: Number(magnitude) / 10 },
    ],
  ],
  [
    /^RandomErasing\(([\d.]+), pixel\)$/,
    ([, p]) => [{ use: 'random-erasing', p: Number(p), value: 'random' }],
  ],
];

/** `mixup 0.8` and `cutmix 1.0`: of a whole batch, either of the two. */
const mixing = /^(mixup|cutmix) ([\d.]+)$/;

/** What a list of augmentations becomes, and what of it there is no equal of here. */
function augmentOf(
  listed: readonly string[],
): Pick<Data, 'augment' | 'batchTransforms'> & { missing: string[] } {
  const augment: Changes = [];
  const missing: string[] = [];
  const mixed: Record<string, number> = {};
  for (const one of listed) {
    const mix = mixing.exec(one);
    if (mix !== null) {
      mixed[`${mix[1]}Alpha`] = Number(mix[2]);
      continue;
    }
    const [pattern, make] = changes.find(([candidate]) => candidate.test(one)) ?? [];
    if (pattern === undefined) missing.push(one);
    else augment.push(...make!(pattern.exec(one)!));
  }
  const batchTransforms = Object.keys(mixed).length === 0 ? [] : [{ use: 'mixup-or-cutmix', ...mixed }];
  return { augment, ...(batchTransforms.length === 0 ? {} : { batchTransforms }), missing };
}

interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Of the pixels that mean and deviation are of. Default 1. */
  readonly scale?: number;
}

function normalizationOf({ mean, std, scale = 1 }: Normalization): Pick<Data, 'normalization'> {
  const unit = (list: readonly number[]) => list.map((value) => Number((value / scale).toFixed(6)));
  return { normalization: { mean: unit(mean), std: unit(std) } };
}

/** Pictures are scaled to 8/7 of the side and cut, as the sources evaluate. */
const framed = (side: number): Pick<Data, 'imageSize' | 'evaluation'> => ({
  imageSize: side,
  evaluation: [
    { use: 'resize', size: (side * 8) / 7 },
    { use: 'center-crop', size: side },
  ],
});

/** Data sets that have other ids here. */
const ids: Readonly<Record<string, string>> = { 'tiny-imagenet': 'tiny-imagenet-200' };

/** The data of a run, and what of the protocol there is no equal of. */
export function dataOf(data: string, values: Values): { data: Data; missing: string[] } {
  const { missing, ...changed } = augmentOf(values.list('augmentation'));
  const normalization = values.record('normalization') as unknown as Normalization;
  return {
    data: {
      use: ids[data] ?? data,
      batchSize: values.number('batchSize'),
      ...changed,
      ...(values.has('normalization') ? normalizationOf(normalization) : {}),
      ...(data === 'imagenet' ? framed(224) : {}),
    },
    missing,
  };
}
