import type { RecipeValue } from '@limbeck/core';
import { isLight } from './models.js';

/** What is ours where a source says nothing about a data set: the protocol that most others share, and whose it is. */
interface Usual {
  readonly reason: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const usual: Readonly<Record<string, Usual>> = {
  cifar100: {
    reason: 'not stated; RepDistiller trains CIFAR-100 so (HobbitLong/RepDistiller:train_student.py)',
    values: {
      epochs: 240,
      batchSize: 64,
      optimizer: 'sgd',
      lr: 0.05,
      momentum: 0.9,
      nesterov: false,
      weightDecay: 5e-4,
      schedule: { kind: 'multistep', milestones: [150, 180, 210], gamma: 0.1 },
      augmentation: ['RandomCrop(32, padding=4)', 'RandomHorizontalFlip'],
      normalization: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
    },
  },
  imagenet: {
    reason: 'not stated; PEFD trains convolutional students on ImageNet so (chenyd7/PEFD:train_student.py)',
    values: {
      epochs: 100,
      batchSize: 256,
      optimizer: 'sgd',
      lr: 0.1,
      momentum: 0.9,
      nesterov: false,
      weightDecay: 1e-4,
      schedule: { kind: 'multistep', milestones: [30, 60, 90], gamma: 0.1 },
      augmentation: ['RandomResizedCrop(224)', 'RandomHorizontalFlip'],
      normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    },
  },
};

/** Keys of the training protocol, in the order they are shown. */
export const trainingKeys = [
  'epochs',
  'batchSize',
  'optimizer',
  'lr',
  'momentum',
  'nesterov',
  'weightDecay',
  'schedule',
  'augmentation',
  'normalization',
] as const;

/** Data sets that bring their own mean and deviation. */
export const bringNormalization: ReadonlySet<string> = new Set(['fashion-mnist-subset']);

/** A student whose protocol is another than that of convolutional ones. */
export const isTransformer = (name: string): boolean => /^(deit|vit|swin|mixer|convnext)/.test(name);

/** Our choice for a key that a source leaves open; `undefined` where there is none. */
export function usualOf(
  key: string,
  { data, student, method }: { data: string; student: string; method: string },
): RecipeValue | undefined {
  const found = usual[data];
  if (found === undefined || !(key in found.values)) return undefined;
  if (isTransformer(student) && key !== 'normalization') return undefined;
  if (key === 'lr' && data === 'cifar100' && isLight(student)) {
    if (method.endsWith('++')) {
      const reason =
        'not stated for this pair; shown for two other light students (WangYZ1608/Knowledge-Distillation-via-ND)';
      return { value: 0.02, from: 'ours', reason };
    }
    return { value: 0.01, from: 'ours', reason: `${found.reason}, light students at a fifth` };
  }
  return { value: found.values[key], from: 'ours', reason: found.reason };
}
