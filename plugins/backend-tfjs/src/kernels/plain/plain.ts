import type { KernelValues } from '../tfjs.js';

/** A tensor in the memory of JavaScript. */
export interface Plain<Values extends KernelValues = KernelValues> {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** Row by row. */
  readonly values: Values;
}

/** A kernel in plain JavaScript; it takes what the kernel of tfjs takes that it stands for. */
export type PlainKernel<Input extends string, Attributes> = (
  inputs: Readonly<Record<Input, Plain>>,
  attributes: Attributes,
) => Plain;

/** Zeros of an element type, as tfjs holds it. */
export function zeros(dtype: Plain['dtype'], size: number): KernelValues {
  if (dtype === 'float32') return new Float32Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}
