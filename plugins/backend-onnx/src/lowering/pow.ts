import type { Tensor } from '@limbeck/graph';
import type { Lowering } from './lowering.js';
import type { ModelBuilder } from './model-builder.js';

/** Powers, of operands stretched to one shape where the device does not stretch them itself. */
export const pow: Lowering<Record<never, never>> = (inputs, { model, node }) => {
  const stretches = node.inputs.every(({ shape }) => shape.length > 0);
  if (model.target.kernels.broadcastingPow || !stretches) return model.emit('Pow', inputs);
  return model.emit(
    'Pow',
    inputs.map((x, i) => stretched(model, x, node.inputs[i]!, node)),
  );
};

const stretched = (model: ModelBuilder, x: string, from: Tensor, to: Tensor): string =>
  from.shape.join() === to.shape.join() ? x : model.emit('Expand', [x, model.int64(to.shape)]);
