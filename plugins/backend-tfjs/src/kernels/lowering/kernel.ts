import type { Tensor } from '@limbeck/graph';
import type { NodeContext, NodeLowering } from '../../lowering/lowering.js';
import type { KernelTarget } from '../device.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

/** One node of a program being turned into kernel calls. */
export type KernelContext<A> = NodeContext<PlanBuilder, A>;

/** How one operation is computed by kernels of tfjs, values being places. */
export type Kernel<A> = NodeLowering<PlanBuilder, Slot, A>;

/** A composite that is computed as a whole because that is faster than its decomposition. */
export interface KernelClaim<A> extends Kernel<A> {
  /** Nodes and devices for which it is claimed. Default: all. */
  readonly when?: (node: Tensor, target: KernelTarget, attributes: A) => boolean;
}
