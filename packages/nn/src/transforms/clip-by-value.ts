import { maximum, minimum, type Tensor } from '@limbeck/graph';

/** Cuts every element of every gradient to [-maxValue, maxValue], as `torch.nn.utils.clip_grad_value_` does. */
export const clipByValue = (gradients: readonly Tensor[], maxValue: number): Tensor[] =>
  gradients.map((gradient) => maximum(minimum(gradient, maxValue), -maxValue));
