import type { Tensor, TensorData } from '@limbeck/graph';
import type { Layout } from '../../lowering/layout.js';

/** Place of a value while a step runs. */
export type Slot = number;

/** What a kernel takes: values by name, or a list of them. */
export type SlotInputs = Readonly<Record<string, Slot>> | readonly Slot[];

/** One call of a kernel. */
export interface KernelCall {
  readonly kernel: string;
  readonly inputs: SlotInputs;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly result: Slot;
  /** Scope of the program's node it belongs to. */
  readonly scope: string;
  /** Values nobody reads any more after this call. */
  readonly frees: readonly Slot[];
}

/** A tensor of the program and where its value is. */
export interface Port {
  readonly name: string;
  readonly tensor: Tensor;
  readonly slot: Slot;
}

/** A state, and where its next value is once a step is computed. */
export interface StatePort extends Port {
  readonly layout: Layout;
  /** Undefined where a step leaves it as it is. */
  readonly next?: Slot;
}

/** A program as a list of kernel calls, in order. Everything is decided before the first step runs. */
export interface Plan {
  /** Number of places. */
  readonly size: number;
  /** Those that something reads. */
  readonly inputs: readonly Port[];
  readonly constants: readonly { readonly slot: Slot; readonly data: TensorData }[];
  readonly state: readonly StatePort[];
  readonly calls: readonly KernelCall[];
  readonly outputs: readonly Port[];
  /** True where a state may become what was fed itself, which has to be copied then. */
  readonly keepsFeeds: boolean;
}

/** The slots a call reads. */
export const slotsOf = (inputs: SlotInputs): readonly Slot[] =>
  Array.isArray(inputs) ? inputs : Object.values(inputs);

/**
 * Adds to each call what can be freed after it, and drops calls nobody needs.
 *
 * @param resident constants and state, which outlive the step
 * @param results what is read once the step is computed
 */
export function withLiveness(
  calls: readonly Omit<KernelCall, 'frees'>[],
  resident: ReadonlySet<Slot>,
  results: ReadonlySet<Slot>,
): KernelCall[] {
  const wanted = new Set(results);
  const planned: KernelCall[] = [];
  for (const call of [...calls].reverse()) {
    if (!wanted.has(call.result)) continue;
    const last = slotsOf(call.inputs).filter((slot) => !wanted.has(slot) && !resident.has(slot));
    for (const slot of last) wanted.add(slot);
    planned.push({ ...call, frees: [...new Set(last)] });
  }
  return planned.reverse();
}
