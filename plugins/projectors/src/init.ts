import {
  type Initializer,
  identity,
  kaimingNormal,
  normal,
  orthogonal,
  torchDefault,
  xavierUniform,
} from '@limbeck/nn';
import { z } from 'zod';

const initializers = {
  default: torchDefault,
  orthogonal,
  xavier: xavierUniform,
  kaiming: kaimingNormal('in'),
  normal: normal(0.01),
  identity,
} as const satisfies Record<string, Initializer>;

/** How a projector's weights start; what is drawn is another draw for each layer and projector. */
export const init = z
  .enum(Object.keys(initializers) as [keyof typeof initializers])
  .default('default')
  .describe(
    "first weights: PyTorch's default, orthogonal, Xavier uniform, Kaiming normal (fan in), normal (0.01), identity (nothing is drawn)",
  );

/** The initialiser of that name. */
export const initializerOf = (name: z.infer<typeof init>): Initializer => initializers[name];
