import type { StateDict } from '@limbeck/graph';

/** A state dict together with where it came from. */
export interface Weights {
  /** What messages call it: a path, usually. */
  readonly source: string;
  /** By state-dict name, as published: `layer1.0.conv1.weight`. */
  readonly tensors: StateDict;
  /** What the file says about itself; what this project writes is in {@link describeWeights}. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The part of the file that was taken, where there is more. */
  readonly entry?: string | undefined;
  /** Names whose values are no plain data, with what would have made them. */
  readonly unread?: ReadonlyMap<string, string> | undefined;
  /** Whether every tensor has to be used and every parameter found. Default true. */
  readonly strict?: boolean | undefined;
  /** Whether the classifier is loaded too, or drawn. Default `load`. */
  readonly head?: 'load' | 'new' | undefined;
}
