import { type Conv2dAttributes, sizeOf, type Tensor } from '@limbeck/graph';
import { biasOf } from './bias.js';
import { operandsOf } from './elementwise.js';
import type { ProgramFacts } from './program-facts.js';

/** What maps are held and computed in; parameters, statistics and everything of lower rank stay float32. */
export type MapType = 'float32' | 'bfloat16';

/** Operations that are worth computing in bfloat16, since the processor multiplies it faster. */
const computing: ReadonlySet<string> = new Set([
  'conv2d',
  'conv2dInputGradient',
  'conv2dWeightGradient',
  'batchNormTraining',
  'batchNormInputGradient',
]);

/**
 * Tensors that are held in bfloat16 where maps are: what convolutions and normalisations give, and what only carries
 * such maps on to the next. Everything else reads them as float32.
 */
export function halvesOf({ nodes }: ProgramFacts): ReadonlySet<Tensor> {
  const halves = new Set<Tensor>();
  for (const node of nodes) if (isHalf(node, halves)) halves.add(node);
  return halves;
}

function isHalf(node: Tensor, halves: ReadonlySet<Tensor>): boolean {
  const { operation, shape, dtype, attributes } = node;
  if (dtype !== 'float32' || shape.length !== 4) return false;
  if (computing.has(operation.name)) return ((attributes as Partial<Conv2dAttributes>).groups ?? 1) === 1;
  if (operation.name === 'relu' || operation.name === 'stopGradient') return halves.has(node.inputs[0]!);
  if (operation.name === 'reluGradient') return halves.has(node.inputs[1]!);
  if (operation.name !== 'add') return false;
  const biased = biasOf(node);
  if (biased !== undefined) return halves.has(biased.map);
  const operands = operandsOf(node);
  // what is stretched to a map is small, whatever it is held in
  const carried = (one: Tensor) =>
    halves.has(one) || (one.shape.length === 4 && sizeOf(one.shape) < sizeOf(shape));
  return operands.every(carried) && operands.some((one) => halves.has(one));
}
