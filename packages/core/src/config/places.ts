import type { Use, UseObject } from '../contracts/contribution.js';
import type { Kind } from '../contracts/plugin.js';
import { data } from './data-schema.js';
import { backend, distillerSettings, studentSettings, task } from './schema.js';
import { ownKeys } from './schema-parts.js';
import { teacherSettings } from './teacher-schema.js';
import { exportSettings, metricSettings, optimizerSettings } from './train-schema.js';

/** A place of the configuration that names a contribution and holds its options. */
export interface Place {
  readonly kind: Kind;
  /** Keys that are the run's own; all others are options of the contribution. */
  readonly own: readonly string[];
  /** Own keys that stay when a later layer names another contribution; everything else belonged to the former one. */
  readonly kept: readonly string[];
}

const plain = (kind: Kind): Place => ({ kind, own: [], kept: [] });

const teacher = {
  kind: 'backbones',
  own: ownKeys(teacherSettings),
  kept: ['name', 'backend', 'device', 'precision', 'threads', 'calibration', 'fidelity', 'cache'],
} as const satisfies Place;

const distiller = { kind: 'distillers', own: ownKeys(distillerSettings), kept: [] } as const satisfies Place;

/** Every such place by its path; `*` is any index. */
export const places = {
  data: {
    kind: 'datasets',
    own: ownKeys(data),
    kept: [
      'batchSize',
      'evalBatchSize',
      'augment',
      'batchTransforms',
      'views',
      'workers',
      'cache',
      'prefetch',
      'dir',
    ],
  },
  'data.augment.*': plain('augmentations'),
  'data.evaluation.*': plain('augmentations'),
  'data.batchTransforms.*': plain('batchTransforms'),
  teacher,
  'teacher.*': teacher,
  student: { kind: 'backbones', own: ownKeys(studentSettings), kept: [] },
  distiller,
  'distiller.schedule': plain('schedules'),
  'distiller.*': distiller,
  'distiller.*.schedule': plain('schedules'),
  task: { kind: 'tasks', own: ownKeys(task), kept: ['weight', 'balance'] },
  'task.balance': plain('balancers'),
  'train.optimizer': {
    kind: 'optimizers',
    own: ownKeys(optimizerSettings),
    kept: ['groups', 'layerDecay'],
  },
  'train.transforms.*': plain('gradientTransforms'),
  'train.schedule': plain('schedules'),
  'train.evaluate.metrics.*': { kind: 'metrics', own: ownKeys(metricSettings), kept: [] },
  'train.export.*': { kind: 'exporters', own: ownKeys(exportSettings), kept: [] },
  backend: { kind: 'backends', own: ownKeys(backend), kept: [] },
} as const satisfies Record<string, Place>;

/** The place at a path; `undefined` where no contribution is named. */
export function placeAt(path: readonly string[]): Place | undefined {
  const pattern = path.map((part) => (/^\d+$/.test(part) ? '*' : part)).join('.');
  return Object.hasOwn(places, pattern) ? places[pattern as keyof typeof places] : undefined;
}

/** A bare id as an object; anything else unchanged. */
export function asUse(value: unknown): unknown {
  return typeof value === 'string' ? { use: value } : value;
}

/** What a place holds for the contribution: its id and options, without the run's own keys. */
export function optionsPart(use: Use, { own }: Place): UseObject {
  const entries = Object.entries(asUse(use) as UseObject);
  return Object.freeze(Object.fromEntries(entries.filter(([key]) => !own.includes(key)))) as UseObject;
}

/** A contribution a run uses, ready for `host.use(kind, placed.use, placed)`. */
export interface PlacedUse {
  /** Its id and options, without the run's own keys that stand beside them. */
  readonly use: UseObject;
  /** Where it stands in the configuration. */
  readonly path: string;
  /** The run's own keys at that place. */
  readonly own: readonly string[];
}

/**
 * What a place of a configuration holds for its contribution.
 *
 * @param index of a place in a list
 */
export const placedUse = (path: keyof typeof places, use: UseObject, index = 0): PlacedUse => ({
  use: optionsPart(use, places[path]),
  path: path.replace('*', String(index)),
  own: places[path].own,
});
