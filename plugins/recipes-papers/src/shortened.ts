import type { Recipe, UseObject } from '@limbeck/core';
import { recipeOf } from './recipe-of.js';
import { type MethodRows, type Row, type Told, type ToldProtocol, toldOf } from './rows.js';

/** What two cores can run: the published protocol for CIFAR, of which a twelfth of the epochs is left. */
const factor = 12;
const data = 'fashion-mnist-subset';
const pair = { teacher: 'resnet14x2', student: 'resnet8' };

/** Augmentation draws of an image; those of a teacher that is asked for vectors alone are kept. */
const views = 4;

/** The published row whose weights each method takes over. */
const models: Readonly<Record<string, Pick<Row, 'data' | 'teacher' | 'student'>>> = (() => {
  const cifar = { data: 'cifar100', teacher: 'resnet32x4', student: 'resnet8x4' };
  const methods = [
    'student',
    'kd',
    'fitnet',
    'at',
    'sp',
    'pefd',
    'kd1proj',
    'simkd',
    'classifier-sharing',
    'dkd',
  ];
  const imagenet = { data: 'imagenet', teacher: 'resnet34', student: 'resnet18' };
  return { ...Object.fromEntries(methods.map((method) => [method, cifar])), srd: imagenet };
})();

/** Methods whose teacher gives logits and embeddings alone, which take little room. */
const ofVectors = new Set(['kd', 'pefd', 'kd1proj', 'dkd', 'srd']);

const told = (value: unknown, reason: string): Told => [value, reason, 'ours'];

const shortened = `RepDistiller's 240 epochs and its drops over ${factor}, for a machine of two cores`;
const asPublished = 'as RepDistiller trains CIFAR-100';

const training: ToldProtocol = {
  epochs: told(240 / factor, shortened),
  batchSize: told(64, asPublished),
  optimizer: told('sgd', asPublished),
  lr: told(0.05, asPublished),
  momentum: told(0.9, asPublished),
  nesterov: told(false, asPublished),
  weightDecay: told(5e-4, asPublished),
  schedule: told(
    { kind: 'multistep', milestones: [150, 180, 210].map((epoch) => epoch / factor), gamma: 0.1 },
    shortened,
  ),
  augmentation: told(['RandomCrop(32, padding=4)', 'RandomHorizontalFlip'], asPublished),
  seeds: told([10, 20, 30], "PEFD's seeds"),
};

/** Our own rows on the bundled images: comparable with each other, and with nothing that was published. */
export function shortenedRecipes(files: readonly MethodRows[]): Recipe[] {
  return files.flatMap((file) => {
    const model = models[file.method];
    if (model === undefined) return [];
    const row = file.rows.find(
      (one) =>
        one.variant === undefined &&
        one.data === model.data &&
        one.teacher === model.teacher &&
        one.student === model.student,
    );
    return row === undefined ? [] : [shortenedRecipe(file, row)];
  });
}

function shortenedRecipe(file: MethodRows, row: Row): Recipe {
  const known = toldOf(file, row);
  const kept = ['temperature', 'lossWeights', 'taps', 'extra'].flatMap((key) => {
    const value = known.get(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const warmup = known.get('warmup');
  const rise = warmup?.[0] as { epochs: number } | undefined;
  const {
    run,
    teacherRun,
    published: _,
    notes: __,
    ...recipe
  } = recipeOf(
    { method: file.method, ...(file.cite === undefined ? {} : { cite: file.cite }), rows: [] },
    {
      ...pair,
      data,
      protocol: {
        ...training,
        ...Object.fromEntries(kept),
        ...(rise === undefined
          ? {}
          : { warmup: told({ ...rise, epochs: Number((rise.epochs / factor).toPrecision(5)) }, shortened) }),
      },
    },
  );
  return {
    ...recipe,
    run: {
      ...run!,
      data: { ...run!.data, views },
      ...cached(file.method, run!.teacher as UseObject | undefined),
    },
    ...(teacherRun === undefined ? {} : { teacherRun: teacherAtLength(teacherRun) }),
    notes: [
      `Ours, on images of Fashion-MNIST: the CIFAR protocol with a ${factor}th of its epochs. Weights are those of ${row.teacher} to ${row.student} on ${row.data}.`,
    ],
  };
}

const cached = (method: string, teacher: UseObject | undefined) =>
  teacher !== undefined && ofVectors.has(method) ? { teacher: { ...teacher, cache: { views } } } : {};

/** The teacher learns from all images of Fashion-MNIST, and from new draws in every epoch. */
const teacherAtLength = ({
  data: images,
  ...run
}: NonNullable<Recipe['teacherRun']>): Recipe['teacherRun'] => ({
  ...run,
  data: { ...images, use: 'fashion-mnist' },
});
