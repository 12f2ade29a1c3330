import { visionTransformer } from './vision-transformer.js';

const tiny = { width: 192, depth: 12, heads: 3 };
const small = { width: 384, depth: 12, heads: 6 };

/** DeiT's small models, by timm's id. */
export const visionTransformers = [
  visionTransformer('deit_tiny_patch16_224', { ...tiny, distilled: false }),
  visionTransformer('deit_small_patch16_224', { ...small, distilled: false }),
  visionTransformer('deit_tiny_distilled_patch16_224', { ...tiny, distilled: true }),
  visionTransformer('deit_small_distilled_patch16_224', { ...small, distilled: true }),
];
