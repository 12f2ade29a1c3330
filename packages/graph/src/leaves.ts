import type { DType, Shape, TensorData } from './dtype.js';
import type { LeafOperation, TensorType } from './operation.js';
import type { Tensor } from './tensor.js';

type NamedLeaf = { readonly name: string; readonly shape: Shape; readonly dtype: DType };

const named = (kind: 'input' | 'state'): LeafOperation => ({
  kind: 'leaf',
  name: kind,
  infer: (_: readonly TensorType[], { shape, dtype }: NamedLeaf) => ({ shape, dtype }),
});

/** Data given anew at every step. */
export const inputOperation = named('input');

/** A value that stays with the executable. */
export const stateOperation = named('state');

/** Data known when the program is built. */
export const constantOperation: LeafOperation = {
  kind: 'leaf',
  name: 'constant',
  infer: (_: readonly TensorType[], attributes: { data?: TensorData; dtype?: DType }) =>
    attributes.data ?? { shape: [], dtype: attributes.dtype ?? 'float32' },
};

/** The name of an input or state leaf. */
export function leafName(leaf: Tensor): string {
  return leaf.attributes.name as string;
}

export const isInput = (tensor: Tensor): boolean => tensor.operation === inputOperation;
export const isState = (tensor: Tensor): boolean => tensor.operation === stateOperation;
export const isConstant = (tensor: Tensor): boolean => tensor.operation === constantOperation;
