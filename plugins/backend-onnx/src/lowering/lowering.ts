import type { Operand, Tensor } from '@limbeck/graph';
import type { DeviceKernels } from './device-kernels.js';
import type { ModelBuilder } from './model-builder.js';

/** One node of a program being lowered. */
export interface LoweringContext<A> {
  readonly model: ModelBuilder;
  readonly node: Tensor;
  readonly attributes: A;
}

/** Writes one operation as ONNX nodes; takes and returns names of values. */
export type Lowering<A> = (inputs: readonly string[], context: LoweringContext<A>) => string;

/** A composite that is lowered as a whole because that is faster or more exact than its decomposition. */
export interface Claim<A> {
  readonly lower: Lowering<A>;
  /** Nodes for which it is claimed, on a device that has these kernels. Default: all. */
  readonly when?: (node: Tensor, attributes: A, kernels: DeviceKernels) => boolean;
  /** The first operator set that has what it is lowered to. Default {@link oldestOpset}. */
  readonly since?: number;
  /** True where it needs operators of onnxruntime's own. Default false. */
  readonly cpuOnly?: boolean;
}

/** The attributes an operation is called with; `{}` where it has none. */
export type AttributesOf<O> = O extends (...args: [...infer _Inputs, infer Last]) => Tensor
  ? [Last] extends [Operand]
    ? Record<never, never>
    : Last
  : never;
