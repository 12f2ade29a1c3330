import type { Use } from '@limbeck/core';

/** One training step to be measured, the same for every implementation. */
export interface Workload {
  readonly id: string;
  readonly teacher: string;
  readonly student: string;
  readonly distiller: Use;
  readonly batchSize: number;
  /** [C, H, W]. */
  readonly image: readonly [number, number, number];
  readonly classes: number;
}

/** Workloads by name. */
export const workloads: readonly Workload[] = [
  {
    id: 'pefd-resnet32x4-resnet8x4',
    teacher: 'resnet32x4',
    student: 'resnet8x4',
    distiller: { use: 'projector-ensemble', projectors: 3, weight: 25 },
    batchSize: 64,
    image: [3, 32, 32],
    classes: 100,
  },
];
