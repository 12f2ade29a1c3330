import type { Tensor } from '@limbeck/graph';
import type { Scope } from '@limbeck/nn';
import type { OptionSchema } from './contribution.js';

/** Channels, height and width of an image. */
export type ImageShape = readonly [number, number, number];

/**
 * Other names for a backbone's weights: those that other published code writes.
 *
 * @example
 * { by: 'Hugging Face', rename: [['^vit[.]', ''], ['^encoder[.]layer[.]', 'blocks.']] }
 */
export interface WeightNaming {
  /** Whose names they are, as messages say it: `torchvision`. */
  readonly by: string;
  /** Regular expressions with what takes the place of their first match; all are applied in order to every name. */
  readonly rename: readonly (readonly [pattern: string, replacement: string])[];
  /**
   * Tensors of theirs that are one of the model's: those whose renamed names differ in one part, such as `q`, `k` and `v`,
   * joined along their first axis in this order, under the name with `as` in that place.
   */
  readonly join?: { readonly parts: readonly string[]; readonly as: string };
  /** Why weights under these names are refused although names and shapes fit: what the other code computes otherwise. */
  readonly refuse?: string;
}

/**
 * A network in two parts: an encoder that turns images into an embedding, and a classifier on top. State-dict names
 * follow the published PyTorch code, so that its checkpoints load.
 *
 * @example
 * defineBackbone({
 *   id: 'tiny',
 *   description: 'one convolution',
 *   encode(m, image) {
 *     const x = m.tap('stage1', relu(m.conv('conv1', image, { out: 8, kernel: 3, padding: 1 })));
 *     return globalAveragePool(x);
 *   },
 *   classify: (m, embedding, classes) => m.linear('fc', embedding, { out: classes }),
 * });
 */
export interface Backbone<Options = unknown> {
  readonly id: string;
  readonly description: string;
  /** Where it was published: an arXiv id, a DOI, or a repository path. */
  readonly cite?: string;
  readonly options?: OptionSchema<Options>;
  /** Names of its weights in other published code; those of its own state dict go without saying. */
  readonly namings?: readonly WeightNaming[];
  /**
   * image [N, C, H, W] -> embedding [N, D], what the classifier reads. Declares taps: `stem`, `stage1` ... (maps after the
   * last activation), `stage1.preact` ... (before it), `last-map`; `embedding` and `logits` are declared for it.
   */
  encode(m: Scope, image: Tensor, options: Options): Tensor;
  /** embedding [N, D] -> logits [N, classes]. */
  classify(m: Scope, embedding: Tensor, classes: number, options: Options): Tensor;
}

/** Declares a backbone; the identity function, with types. */
export function defineBackbone<Options>(backbone: Backbone<Options>): Backbone<Options> {
  return backbone;
}
