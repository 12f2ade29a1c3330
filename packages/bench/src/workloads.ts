import type { Use } from '@limbeck/core';

/** One training step to be measured, the same for every implementation. */
export interface Workload {
  readonly id: string;
  readonly teacher: string;
  readonly student: string;
  /** Absent for what others are set against: teacher and student step side by side, and nothing compares them. */
  readonly distiller?: Use;
  /** Training samples, for methods that remember or contrast them. */
  readonly samples?: number;
  readonly batchSize: number;
  /** [C, H, W]. */
  readonly image: readonly [number, number, number];
  readonly classes: number;
}

const cifar = { batchSize: 64, image: [3, 32, 32], classes: 100 } as const;
const projectorEnsemble = { use: 'projector-ensemble', projectors: 3, weight: 25 };

/** Workloads by name. */
export const workloads: readonly Workload[] = [
  {
    id: 'pefd-resnet32x4-resnet8x4',
    teacher: 'resnet32x4',
    student: 'resnet8x4',
    distiller: projectorEnsemble,
    ...cifar,
  },
  { id: 'none-resnet32x4-resnet8x4', teacher: 'resnet32x4', student: 'resnet8x4', ...cifar },
  {
    id: 'crd-resnet32x4-resnet8x4',
    teacher: 'resnet32x4',
    student: 'resnet8x4',
    distiller: { use: 'crd', negatives: 16_384 },
    samples: 50_000,
    ...cifar,
  },
  { id: 'kd-wrn40_2-wrn16_2', teacher: 'wrn_40_2', student: 'wrn_16_2', distiller: 'kd', ...cifar },
  { id: 'fitnet-vgg13-vgg8', teacher: 'vgg13', student: 'vgg8', distiller: 'fitnet', ...cifar },
  { id: 'kd-resnet56-resnet20', teacher: 'resnet56', student: 'resnet20', distiller: 'kd', ...cifar },
  { id: 'kd-resnet32x4-shufflev2', teacher: 'resnet32x4', student: 'ShuffleV2', distiller: 'kd', ...cifar },
  {
    id: 'pefd-resnet34-resnet18-224',
    teacher: 'resnet34',
    student: 'resnet18',
    distiller: projectorEnsemble,
    batchSize: 16,
    image: [3, 224, 224],
    classes: 1000,
  },
];
