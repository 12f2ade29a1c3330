import type { Tensor } from '@limbeck/graph';
import type { Layout } from '../../lowering/layout.js';
import type { LayoutRule } from '../../lowering/lowering.js';
import type { KernelTarget } from '../device.js';
import type { Slot } from './plan.js';
import type { PlanBuilder } from './plan-builder.js';

/** One node of a program being lowered. */
export interface KernelContext<A> {
  readonly graph: PlanBuilder;
  readonly node: Tensor;
  readonly attributes: A;
  /** The layout to give the result in: what {@link LayoutRule.layout} said, or what is asked for. */
  readonly layout: Layout;
}

/** How one operation is computed by kernels of tfjs. */
export interface Kernel<A> extends LayoutRule<A> {
  /** Returns where the value is. */
  readonly lower: (context: KernelContext<A>) => Slot;
}

/** A composite that is computed as a whole because that is faster than its decomposition. */
export interface KernelClaim<A> extends Kernel<A> {
  /** Nodes and devices for which it is claimed. Default: all. */
  readonly when?: (node: Tensor, target: KernelTarget, attributes: A) => boolean;
}
