import { NnError } from '../errors.js';

/** A parameter of a model, in order of definition. */
export interface LayeredParameter {
  /** State-dict name: `blocks.3.attn.qkv.weight`. */
  readonly name: string;
  /** Whether it belongs to the classifier. */
  readonly classifier: boolean;
}

/**
 * Factors of the learning rate that fall from the classifier to the input, one power of `decay` a layer, as BEiT and timm
 * fine-tune (Bao et al., 2022; Clark et al., 2020). The classifier has 1, the last block `decay`, and so on down to the
 * stem, which is everything before the first block. What follows a block outside of any, such as a last normalisation,
 * counts as part of it.
 *
 * @param parameters of one model
 * @param decay above 0, at most 1
 * @returns by name
 */
export function layerDecayFactors(
  parameters: readonly LayeredParameter[],
  decay: number,
): Map<string, number> {
  if (!(decay > 0 && decay <= 1)) throw new NnError(`a layer decay of ${decay} is not above 0 and at most 1`);
  const layers = new Map<string, number>();
  const blocks = new Map<string, number>();
  for (const { name, classifier } of parameters) {
    if (classifier) continue;
    const block = blockOf(name);
    if (block !== undefined && !blocks.has(block)) blocks.set(block, blocks.size + 1);
    layers.set(name, block === undefined ? blocks.size : blocks.get(block)!);
  }
  const top = blocks.size + 1;
  return new Map(parameters.map(({ name }) => [name, decay ** (top - (layers.get(name) ?? top))]));
}

/**
 * The block a parameter is in: its path up to the first number (`layer1.0`, `blocks.3`), or up to the first part that is
 * a numbered block or layer (`features.denseblock1`). Undefined outside of blocks.
 */
function blockOf(name: string): string | undefined {
  const parts = name.split('.').slice(0, -1);
  const numbered = parts.findIndex((part) => /^\d+$/.test(part));
  const end = numbered >= 0 ? numbered : parts.findIndex((part) => /(?:block|layer|stage)_?\d+$/.test(part));
  return end < 0 ? undefined : parts.slice(0, end + 1).join('.');
}
