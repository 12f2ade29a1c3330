import { type Dataset, type Host, type PlacedUse, type ResolvedConfig, runUses } from '@limbeck/core';
import type { Chosen, DistillerChoice, MetricChoice, ModelChoice, RunSpec } from '@limbeck/trainer';

/** What a configuration names, found among the plugins, with checked options. No file has been opened. */
export interface RunParts
  extends Pick<RunSpec, 'distillers' | 'balance' | 'optimizer' | 'lr' | 'groups' | 'schedule' | 'metrics'> {
  // biome-ignore lint/suspicious/noExplicitAny: every data set brings an option type of its own
  readonly dataset: Chosen<Dataset<any>>;
  readonly augment: RunSpec['data']['augment'];
  readonly student: ModelChoice;
  /** In order; without a model where that is in a file of its own. */
  readonly teachers: readonly { readonly name: string; readonly model?: ModelChoice }[];
}

/**
 * Finds every part of a run.
 *
 * @throws LimbeckError UNKNOWN_ID, UNKNOWN_OPTION, CONFIG_INVALID
 */
export function findParts(config: ResolvedConfig, host: Host): RunParts {
  const uses = runUses(config);
  const model = (placed: PlacedUse): ModelChoice => {
    const { contribution: backbone, options } = host.use('backbones', placed.use, placed);
    return { backbone, options };
  };
  const { lr, groups } = uses.optimizer;
  return {
    dataset: host.use('datasets', uses.dataset.use, uses.dataset),
    augment: uses.augmentations.map((placed) => host.use('augmentations', placed.use, placed)),
    student: model(uses.student),
    teachers: uses.teachers.map(({ name, backbone }) =>
      backbone === undefined ? { name } : { name, model: model(backbone) },
    ),
    distillers: uses.distillers.map((placed): DistillerChoice => {
      const { contribution: distiller, options } = host.use('distillers', placed.use, placed);
      const { teacher, schedule } = placed;
      return {
        distiller,
        options,
        teacher,
        schedule: schedule && host.use('schedules', schedule.use, schedule),
      };
    }),
    balance: uses.balance && host.use('balancers', uses.balance.use, uses.balance),
    optimizer: host.use('optimizers', uses.optimizer.use, uses.optimizer),
    lr,
    groups,
    schedule: host.use('schedules', uses.schedule.use, uses.schedule),
    metrics: uses.metrics.map((placed): MetricChoice => {
      const { contribution, options } = host.use('metrics', placed.use, placed);
      const { name, teacher } = placed;
      return {
        contribution,
        options,
        name,
        teacher,
      };
    }),
  };
}
