import type { DType, Shape, TensorData } from './dtype.js';
import { fromReference, toReference } from './interpreter/values.js';
import type { LeafOperation, ReferenceValue, TensorType } from './operation.js';
import type { AttributeValue, Tensor } from './tensor.js';

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

/** The data of a constant node, rounded to its element type. */
export function constantData(tensor: Tensor): TensorData {
  const { data } = tensor.attributes;
  return isPayload(data) ? data : fromReference(constantValue(tensor));
}

/** The numbers of a constant node; a scalar as it was written, not rounded to its element type. */
export function constantValue(tensor: Tensor): ReferenceValue {
  const { data, value } = tensor.attributes;
  if (isPayload(data)) return toReference(data);
  return { shape: [], dtype: tensor.dtype, data: Float64Array.of(value as number) };
}

/** True for the tensors among attribute values. */
export const isPayload = (value: AttributeValue | undefined): value is TensorData =>
  typeof value === 'object' && 'data' in value;

/** The name of an input or state leaf. */
export function leafName(leaf: Tensor): string {
  return leaf.attributes.name as string;
}

/** True for a node that every step is fed. */
export const isInput = (tensor: Tensor): boolean => tensor.operation === inputOperation;
/** True for a node whose value the executable keeps from step to step. */
export const isState = (tensor: Tensor): boolean => tensor.operation === stateOperation;
/** True for a node whose value is part of the graph. */
export const isConstant = (tensor: Tensor): boolean => tensor.operation === constantOperation;
