import type { Shape, Tensor } from '@limbeck/graph';
import type { Initializer } from './initializers.js';
import { type BatchNormOptions, batchNorm } from './layers/batch-norm.js';
import { type ConvOptions, conv } from './layers/conv.js';
import { type DropoutOptions, dropout, dropPath } from './layers/dropout.js';
import { type LayerNormOptions, layerNorm } from './layers/layer-norm.js';
import { type LinearOptions, linear } from './layers/linear.js';
import { type MlpOptions, mlp } from './layers/mlp.js';
import { type SelfAttentionOptions, selfAttention } from './layers/self-attention.js';
import type { Mode, Trace } from './trace.js';

/**
 * A named place in a model. Layers made through it own the variables below its path, so that state-dict names fall out
 * of the structure: `m.in('layer1').in(0).conv('conv1', ...)` owns `layer1.0.conv1.weight`.
 */
export class Scope {
  readonly trace: Trace;
  /** Path from the model's root, `''` at the root. */
  readonly path: string;

  constructor(trace: Trace, path = '') {
    this.trace = trace;
    this.path = path;
  }

  get mode(): Mode {
    return this.trace.mode;
  }

  /** The place below this one. */
  in(name: string | number): Scope {
    return new Scope(this.trace, this.at(name));
  }

  /** Path of something below this place. */
  at(name: string | number): string {
    return this.path === '' ? String(name) : `${this.path}.${name}`;
  }

  /** Builds something in the place below this one and makes its result addressable by path. */
  block(name: string | number, build: (m: Scope) => Tensor): Tensor {
    const inner = this.in(name);
    const result = inner.scoped(() => build(inner));
    this.trace.recordLayer(inner.path, result);
    return result;
  }

  /** Runs `build`; nodes made meanwhile name this place as their origin. */
  scoped<T>(build: () => T): T {
    const { graph, prefix } = this.trace;
    return graph.scoped([prefix, this.path].filter((part) => part !== '').join('.'), build);
  }

  /** A trained parameter. */
  parameter(name: string, shape: Shape, initializer: Initializer): Tensor {
    return this.trace.variable('parameter', this.at(name), shape, initializer);
  }

  /** A value that is kept but not trained, such as a running mean. */
  buffer(name: string, shape: Shape, initializer: Initializer): Tensor {
    return this.trace.variable('buffer', this.at(name), shape, initializer);
  }

  /** Whether training leaves something below this place as it is. */
  isFrozen(name: string): boolean {
    return this.trace.isFrozen(this.at(name));
  }

  /** The value of a buffer after the updates of this pass so far. */
  latest(buffer: Tensor): Tensor {
    return this.trace.latest(buffer);
  }

  /** Replaces a buffer's value at the end of the step; the last one counts. */
  update(buffer: Tensor, next: Tensor): void {
    this.trace.update(buffer, next);
  }

  /** Makes an intermediate result addressable as `name`, whatever the place: `stage1`, `embedding`. */
  tap(name: string, tensor: Tensor): Tensor {
    this.trace.declareTap(name, tensor);
    return tensor;
  }

  /** Convolution: x [N, C, H, W] -> [N, out, H', W']. */
  conv(name: string | number, x: Tensor, options: ConvOptions): Tensor {
    return this.block(name, (m) => conv(m, x, options));
  }

  /** Batch normalisation of a map [N, C, H, W] or of vectors [N, C]. */
  batchNorm(name: string | number, x: Tensor, options: BatchNormOptions = {}): Tensor {
    return this.block(name, (m) => batchNorm(m, x, options));
  }

  /** Affine map of the last axis: x [..., C] -> [..., out]. */
  linear(name: string | number, x: Tensor, options: LinearOptions): Tensor {
    return this.block(name, (m) => linear(m, x, options));
  }

  /** Layer normalisation along the last axis: x [..., D] -> [..., D]. */
  layerNorm(name: string | number, x: Tensor, options: LayerNormOptions = {}): Tensor {
    return this.block(name, (m) => layerNorm(m, x, options));
  }

  /** Multi-head self-attention over tokens: x [N, T, D] -> [N, T, D]. */
  selfAttention(name: string | number, x: Tensor, options: SelfAttentionOptions): Tensor {
    return this.block(name, (m) => selfAttention(m, x, options));
  }

  /** Two linear layers around a GELU: x [..., D] -> [..., D]. */
  mlp(name: string | number, x: Tensor, options: MlpOptions): Tensor {
    return this.block(name, (m) => mlp(m, x, options));
  }

  /**
   * Dropout (Srivastava et al., 2014): in training each element of x becomes 0 with probability `rate`, and the others are
   * divided by 1 - rate; in evaluation x itself. The mask depends on the run's seed, on the step and on this place.
   *
   * @throws NnError where the rate is outside [0, 1)
   */
  dropout(name: string | number, x: Tensor, options: DropoutOptions): Tensor {
    const inner = this.in(name);
    return inner.scoped(() => dropout(inner, x, options));
  }

  /**
   * Drop-path, or stochastic depth (Huang et al., 2016): as dropout, but x [N, ...] loses whole samples. It belongs on the
   * branch beside a shortcut.
   *
   * @throws NnError where the rate is outside [0, 1)
   */
  dropPath(name: string | number, x: Tensor, options: DropoutOptions): Tensor {
    const inner = this.in(name);
    return inner.scoped(() => dropPath(inner, x, options));
  }
}
