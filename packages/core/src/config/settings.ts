import { data } from './data-schema.js';
import { decisiveValues } from './identity.js';
import type { ResolvedConfig } from './run-config.js';
import { task } from './schema.js';
import { ownKeys } from './schema-parts.js';
import { teacherCacheSettings } from './teacher-cache-schema.js';
import { calibration } from './teacher-schema.js';
import { evaluation, optimizerSettings, train } from './train-schema.js';

/** Keys of `data` that name contributions. */
const inData = ['use', 'augment', 'evaluation', 'batchTransforms'] as const;

type Teacher = Exclude<ResolvedConfig['teacher'], readonly unknown[] | undefined>;
type Data = ResolvedConfig['data'];
type Train = ResolvedConfig['train'];

/** How ranges of a teacher in int8 are found, as a configuration says it. */
export type CalibrationSettings = Teacher['calibration'];

/** What a teacher in int8 is measured by before training, as a configuration says it. */
export type FidelitySettings = Teacher['fidelity'];

/** How what a teacher gives is kept, as a configuration says it. */
export type TeacherCacheSettings = NonNullable<Teacher['cache']>;

/** Settings of the data with their defaults: what of `data` names no contribution. */
export type DataSettings = Pick<Data, Exclude<keyof typeof data.shape, (typeof inData)[number]>>;

/** Settings of training with their defaults: what of `train` names no contribution. */
export type TrainSettings = Omit<Train, 'optimizer' | 'transforms' | 'schedule' | 'export' | 'evaluate'> &
  Pick<Train['optimizer'], 'lr' | 'groups' | 'layerDecay'> & {
    readonly evaluate: Omit<Train['evaluate'], 'metrics'>;
  };

/** Takes the settings of the data out of a configuration. */
export function dataSettings({ data: given }: Pick<ResolvedConfig, 'data'>): DataSettings {
  const keys = ownKeys(data).filter((key) => !inData.some((other) => other === key));
  return Object.fromEntries(keys.map((key) => [key, given[key]])) as DataSettings;
}

/** Takes the settings of training out of a configuration. */
export function trainSettings({ train: given }: Pick<ResolvedConfig, 'train'>): TrainSettings {
  const { optimizer, transforms: _, schedule: __, export: ___, evaluate, ...settings } = given;
  const { lr, groups, layerDecay } = optimizer;
  const { metrics: ____, ...measured } = evaluate;
  return { ...settings, lr, groups, layerDecay, evaluate: measured };
}

/** Objects of settings by what they are about. */
const schemas = {
  data,
  train,
  optimizer: optimizerSettings,
  evaluation,
  task,
  calibration,
  teacherCache: teacherCacheSettings,
};

/**
 * The settings that a run's numbers depend on with their values, as the schema says it of each; those that are left out at their
 * default are not among them.
 *
 * @param about which settings
 * @param values settings by key; others may be among them
 */
export const decisiveSettings = (about: keyof typeof schemas, values: object): Record<string, unknown> =>
  decisiveValues(schemas[about], values as Readonly<Record<string, unknown>>);
