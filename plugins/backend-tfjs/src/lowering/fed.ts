import { isInput, type PrimitiveName, type Tensor } from '@limbeck/graph';

/** Operations whose result may be the memory of their first operand. */
const views: ReadonlySet<string> = new Set<PrimitiveName>([
  'stopGradient',
  'reshape',
  'transpose',
  'broadcastTo',
  'cast',
  'slice',
  'pad',
  'concat',
  'reverse',
]);

/** True where a value may be what was fed itself. */
export const isFed = (tensor: Tensor): boolean =>
  isInput(tensor) || (views.has(tensor.operation.name) && isFed(tensor.inputs[0]!));
