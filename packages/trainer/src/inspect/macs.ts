import { inlineComposites, nodesOf, type Program, sizeOf, type Tensor } from '@limbeck/graph';

/**
 * Multiply-accumulates of one operation, as the field counts them: those of convolutions and matrix products. Padding
 * counts in full, biases and everything elementwise not at all.
 */
export function macsOf({ operation, inputs, attributes, shape }: Tensor): number {
  switch (operation.name) {
    case 'conv2d': {
      const [, perGroup, height, width] = inputs[1]!.shape as [number, number, number, number];
      return sizeOf(shape) * perGroup * height * width;
    }
    case 'matmul': {
      const a = inputs[0]!.shape;
      return sizeOf(shape) * a.at(attributes.transposeA ? -2 : -1)!;
    }
    default:
      return 0;
  }
}

/** Every operation of a program that multiplies and accumulates, composites taken apart. */
export function countedNodes(target: Program): { node: Tensor; macs: number }[] {
  return nodesOf(inlineComposites(target))
    .map((node) => ({ node, macs: macsOf(node) }))
    .filter(({ macs }) => macs > 0);
}

/** Multiply-accumulates of one step of a program; compile it for a batch of 1 to have them per image. */
export function countMacs(target: Program): number {
  return countedNodes(target).reduce((sum, { macs }) => sum + macs, 0);
}
