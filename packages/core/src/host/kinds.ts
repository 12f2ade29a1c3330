import type { Contributions, Kind } from '../contracts/plugin.js';

/** What the host knows about a kind of contribution. */
export interface KindFacts<T> {
  /** What one of them is called in messages. */
  readonly noun: string;
  /** Functions it must have. */
  readonly functions: readonly (keyof T & string)[];
}

/** Every kind of contribution, by the name of its list. */
export const kinds: { readonly [K in Kind]: KindFacts<Contributions[K]> } = Object.freeze({
  backbones: { noun: 'backbone', functions: ['encode', 'classify'] },
  projectors: { noun: 'projector', functions: ['project'] },
  losses: { noun: 'loss', functions: ['value'] },
  distillers: { noun: 'distiller', functions: ['build'] },
  backends: { noun: 'backend', functions: ['capabilities', 'compile'] },
  exporters: { noun: 'exporter', functions: ['write'] },
  datasets: { noun: 'data set', functions: ['open'] },
  augmentations: { noun: 'augmentation', functions: ['create'] },
  batchTransforms: { noun: 'batch transform', functions: ['create'] },
  optimizers: { noun: 'optimizer', functions: ['update'] },
  gradientTransforms: { noun: 'gradient transform', functions: ['transform'] },
  schedules: { noun: 'schedule', functions: ['create'] },
  tasks: { noun: 'task', functions: ['loss'] },
  balancers: { noun: 'balancer', functions: ['balance'] },
  metrics: { noun: 'metric', functions: ['create'] },
  recipes: { noun: 'recipe', functions: [] },
});

/** The names of the kinds, in the order they are listed. */
export const kindNames = Object.freeze(Object.keys(kinds) as Kind[]);

/** `a loss`, `an augmentation`. */
export function oneOf(kind: Kind): string {
  const { noun } = kinds[kind];
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
