import type { Contributions, Kind } from '../contracts/plugin.js';
import type { Host } from '../host/host.js';
import type { Logger } from './logger.js';

declare const provides: unique symbol;

/** Names a service a class may ask for; the type is what it gets. */
export type Token<T> = symbol & { readonly [provides]?: T };

const token = <T>(name: string): Token<T> => Symbol.for(`limbeck.${name}`);

/** A token for the logger, one for the host, and one for each kind of contribution. */
export type Tokens = { readonly logger: Token<Logger>; readonly host: Token<Host> } & {
  readonly [K in Kind]: Token<Contributions[K]>;
};

/**
 * What contributed classes ask for: core services by their token, contributions by their kind's token together with
 * `named(id)`. Shared by every copy of this package.
 *
 * @example
 * decorate(injectable(), OnnxBackend);
 * decorate(inject(tokens.logger), OnnxBackend, 0);
 */
export const tokens: Tokens = Object.freeze({
  logger: token<Logger>('logger'),
  host: token<Host>('host'),
  backbones: token<Contributions['backbones']>('backbones'),
  projectors: token<Contributions['projectors']>('projectors'),
  losses: token<Contributions['losses']>('losses'),
  distillers: token<Contributions['distillers']>('distillers'),
  backends: token<Contributions['backends']>('backends'),
  exporters: token<Contributions['exporters']>('exporters'),
  datasets: token<Contributions['datasets']>('datasets'),
  augmentations: token<Contributions['augmentations']>('augmentations'),
  batchTransforms: token<Contributions['batchTransforms']>('batchTransforms'),
  optimizers: token<Contributions['optimizers']>('optimizers'),
  gradientTransforms: token<Contributions['gradientTransforms']>('gradientTransforms'),
  schedules: token<Contributions['schedules']>('schedules'),
  tasks: token<Contributions['tasks']>('tasks'),
  balancers: token<Contributions['balancers']>('balancers'),
  metrics: token<Contributions['metrics']>('metrics'),
  recipes: token<Contributions['recipes']>('recipes'),
});
