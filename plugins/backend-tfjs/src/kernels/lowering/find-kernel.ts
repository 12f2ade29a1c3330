import { primitiveEntry, unsupportedNode } from '@limbeck/core/backend';
import {
  bytesPerElement,
  type DType,
  formatShape,
  type PrimitiveName,
  sizeOf,
  type Tensor,
} from '@limbeck/graph';
import type { KernelTarget } from '../device.js';
import { claimOn } from './claims.js';
import type { Kernel } from './kernel.js';
import { primitiveKernels } from './primitives.js';

/** Element types that tfjs has no name for: their values travel as 32-bit integers. */
const carried: ReadonlySet<DType> = new Set<DType>(['bfloat16', 'int8', 'uint8']);

/** Operations that only move elements. */
const movers: ReadonlySet<string> = new Set<PrimitiveName>([
  'stopGradient',
  'reshape',
  'transpose',
  'broadcastTo',
  'slice',
  'concat',
  'gather',
]);

/** Axes that the kernels of every device know how to follow. */
const maxRank = 6;

/** Whether what a node does to element types without a name is done to the integers they travel as. */
function keepsCarried({ operation, inputs, dtype }: Tensor): boolean {
  if (movers.has(operation.name)) return true;
  const from = inputs[0]?.dtype;
  return operation.name === 'cast' && !carried.has(dtype) && from !== 'bfloat16';
}

/** @throws LimbeckError BACKEND_UNSUPPORTED naming the operation, what it cannot be, and its scope */
function checkType(node: Tensor, { device }: KernelTarget): void {
  const odd = [node, ...node.inputs].find(({ dtype }) => carried.has(dtype));
  if (odd === undefined || keepsCarried(node)) return;
  throw unsupportedNode(
    node,
    `the tfjs kernels on ${device} do not compute in ${odd.dtype}: '${node.operation.name}'`,
    'cast to float32 or int32 first',
  );
}

/** @throws LimbeckError BACKEND_UNSUPPORTED naming the operation, its shape and its scope */
export function checkShape(node: Tensor, { device, maxBytes }: KernelTarget): void {
  const { operation, shape, dtype } = node;
  const what = `'${operation.name}' of shape ${formatShape(shape)}`;
  if (shape.length > maxRank) {
    throw unsupportedNode(
      node,
      `${what} has more axes than the ${maxRank} that tfjs kernels follow`,
      'reshape it to fewer axes',
    );
  }
  const bytes = sizeOf(shape) * Math.max(bytesPerElement(dtype), 4);
  if (bytes <= maxBytes) return;
  throw unsupportedNode(
    node,
    `${what} takes ${bytes} bytes, and ${device} holds ${maxBytes} in one tensor here`,
    'take smaller batches',
  );
}

/**
 * How a node that is no leaf is computed.
 *
 * @throws LimbeckError BACKEND_UNSUPPORTED naming the operation and its scope
 */
export function kernelOf(node: Tensor, target: KernelTarget): Kernel<never> {
  const { operation } = node;
  checkType(node, target);
  checkShape(node, target);
  if (operation.kind === 'composite') return claimOn(node, target)!;
  return primitiveEntry<Kernel<never>>(primitiveKernels, node, 'the tfjs kernels do not know');
}
