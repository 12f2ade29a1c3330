import type { Backbone, Distiller, Metric, MetricFormat, Schedule, Task } from '@limbeck/core';
import type { ComputeBackend, Device, Precision } from '@limbeck/core/backend';
import type { Host } from '@limbeck/core/host';
/** A contribution with its checked options. */
export interface Chosen<T> {
  readonly contribution: T;
  readonly options: unknown;
}

/** A backbone with its checked options. */
export interface ModelChoice {
  // biome-ignore lint/suspicious/noExplicitAny: every backbone brings an option type of its own
  readonly backbone: Backbone<any>;
  readonly options: unknown;
}

/** A distiller with its checked options. */
export interface DistillerChoice {
  // biome-ignore lint/suspicious/noExplicitAny: every distiller brings an option type of its own
  readonly distiller: Distiller<any>;
  readonly options: unknown;
  /** Name of the teacher it compares the student with. Default: the first one. */
  readonly teacher?: string;
  /** Multiplies the weights of all its terms over the run. Default: they stay as they are. */
  // biome-ignore lint/suspicious/noExplicitAny: every schedule brings an option type of its own
  readonly schedule?: Chosen<Schedule<any>>;
}

/** A metric of a run. */
// biome-ignore lint/suspicious/noExplicitAny: every metric brings an option type of its own
export interface MetricChoice extends Chosen<Metric<any>> {
  /** What its values are called. Default its id. */
  readonly name?: string;
  /** Name of the teacher it compares with. Default the first one. */
  readonly teacher?: string;
}

/** A task of a run. */
// biome-ignore lint/suspicious/noExplicitAny: every task brings an option type of its own
export type TaskChoice = Chosen<Task<any>>;

/** What the values of a metric are called. */
export const metricName = ({ name, contribution }: MetricChoice): string => name ?? contribution.id;

/** How the values of metrics are shown, by name. */
export const formatsOf = (metrics: readonly MetricChoice[]): Record<string, MetricFormat> =>
  Object.fromEntries(
    metrics.map((metric) => [metricName(metric), metric.contribution.format ?? { as: 'number' }]),
  );

/** Finds what distillers ask for by id; the plugin host does. */
export type Parts = Pick<Host, 'use'>;

/** Where a program runs. */
export interface Placement {
  // biome-ignore lint/suspicious/noExplicitAny: every backend brings an option type of its own
  readonly backend: ComputeBackend<any>;
  /** Checked options of the backend. Absent: none were said. */
  readonly options?: unknown;
  readonly device?: Device;
  readonly precision?: Precision;
  readonly threads?: number;
}
