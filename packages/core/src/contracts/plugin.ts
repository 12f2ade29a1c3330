import type { Backbone } from './backbone.js';
import type { ComputeBackend } from './backend.js';
import type { Balancer } from './balancer.js';
import type { BatchTransform } from './batch-transform.js';
import type { OptionSchema } from './contribution.js';
import type { Augmentation, Dataset } from './dataset.js';
import type { Distiller } from './distiller.js';
import type { Exporter } from './exporter.js';
import type { GradientTransform } from './gradient-transform.js';
import type { Loss } from './loss.js';
import type { Metric } from './metric.js';
import type { Optimizer, Schedule } from './optimizer.js';
import type { Projector } from './projector.js';
import type { Recipe } from './recipe.js';
import type { Task } from './task.js';

/** Every kind of contribution, by the name of its list on the plugin host. */
export interface Contributions {
  // biome-ignore-start lint/suspicious/noExplicitAny: each contribution brings option types of its own
  backbones: Backbone<any>;
  projectors: Projector<any>;
  losses: Loss<any>;
  distillers: Distiller<any>;
  backends: ComputeBackend<any>;
  exporters: Exporter<any>;
  datasets: Dataset<any>;
  augmentations: Augmentation<any>;
  batchTransforms: BatchTransform<any>;
  optimizers: Optimizer<any>;
  gradientTransforms: GradientTransform<any>;
  schedules: Schedule<any>;
  tasks: Task<any>;
  balancers: Balancer<any>;
  metrics: Metric<any>;
  recipes: Recipe;
  // biome-ignore-end lint/suspicious/noExplicitAny: as above
}

/** `backbones`, `distillers` ... */
export type Kind = keyof Contributions;

/**
 * A class decorated with `injectable()`: the host makes it once, with the core services it asks for. Its constructor
 * only keeps them: a host may make it just to look at it.
 */
export type Injectable<T> = new (...services: never[]) => T;

/** What a catalogue says about a contribution before it is made. */
export interface Listing {
  readonly id: string;
  readonly description: string;
}

/** Where a plugin puts contributions of one kind. */
export interface ContributionList<T> {
  /** Adds contributions; an id that is taken is an error naming both plugins. */
  add(...contributions: T[]): void;
  /** Adds a class the host makes when it is first asked for; what it makes carries the same id. */
  addClass(listing: Listing, contribution: Injectable<T>): void;
  /** Takes the place of the contribution with the same id that another plugin adds, whichever is set up first. */
  override(contribution: T): void;
}

/** What a plugin's `setup` is given: a list for every kind. */
export type PluginHost = { readonly [K in Kind]: ContributionList<Contributions[K]> };

/** The version of the plugin contract this core speaks. */
export const pluginApi = 1;

/** Undoes what a plugin's `setup` opened. */
export type Disposer = () => void | Promise<void>;

/** What a plugin author writes. */
export interface PluginSpec<Options> {
  /** The package's name, e.g. `@limbeck/distill-logit`. */
  readonly name: string;
  /** The plugin contract it was written for: {@link pluginApi}. */
  readonly api: number;
  /** Range of core versions it works with, e.g. `>=0.1.0 <1`. */
  readonly core?: string;
  /** Names of plugins that must be there. */
  readonly requires?: readonly string[];
  readonly options?: OptionSchema<Options>;
  /** Adds contributions; may return a function that undoes what it opened. */
  // biome-ignore lint/suspicious/noConfusingVoidType: an async setup without a disposer gives a promise of void
  setup(host: PluginHost, options: Options): void | Disposer | Promise<void | Disposer>;
}

/** A plugin as the host recognises it, whichever copy of this package made it. */
export interface Plugin<Options = unknown> extends PluginSpec<Options> {
  readonly [pluginBrand]: true;
}

/** Marks plugins; shared by every copy of this package. */
export const pluginBrand: unique symbol = Symbol.for('limbeck.plugin') as never;

/**
 * Declares a plugin: a plain object, no decorators needed.
 *
 * @example
 * export default definePlugin({
 *   name: '@limbeck/distill-relation',
 *   api: 1,
 *   setup(host) {
 *     host.distillers.add(sp, rkd, pkt);
 *   },
 * });
 */
export function definePlugin<Options = unknown>(spec: PluginSpec<Options>): Plugin<Options> {
  return Object.freeze({ ...spec, [pluginBrand]: true as const });
}

/** True for what {@link definePlugin} made, in any copy of this package. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && pluginBrand in value;
}
