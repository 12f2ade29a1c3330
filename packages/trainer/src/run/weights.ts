import type { StateDict } from '@limbeck/graph';

/** A state dict together with where it came from. */
export interface Weights {
  /** What messages call it: a path, usually. */
  readonly source: string;
  /** By state-dict name, as published: `layer1.0.conv1.weight`. */
  readonly tensors: StateDict;
  /** What the file says about itself; what this project writes is in {@link describeWeights}. */
  readonly metadata?: Readonly<Record<string, string>>;
}
