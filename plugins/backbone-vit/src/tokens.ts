import { add, concat, pad, reshape, slice, type Tensor, transpose } from '@limbeck/graph';
import { normal, type Scope } from '@limbeck/nn';

/** Of tokens, positions and weights of linear layers. Timm cuts the distribution off where it has no numbers left. */
export const init = normal(0.02);

/** Patches of an image as vectors, as a map: image [N, C, H, W] -> [N, D, H / patch, W / patch]. */
export function embedPatches(m: Scope, image: Tensor, width: number, patch: number): Tensor {
  const [, , height, breadth] = image.shape as [number, number, number, number];
  const missing = (size: number) => (patch - (size % patch)) % patch;
  const [below, right] = [missing(height), missing(breadth)];
  // whole patches, zeros at the lower and the right edge; timm does the same where it is asked to
  const whole =
    below + right === 0 ? image : pad(image, { before: [0, 0, 0, 0], after: [0, 0, below, right] });
  return m.in('patch_embed').conv('proj', whole, { out: width, kernel: patch, stride: patch, bias: true });
}

/** A map as tokens, row by row: [N, D, H, W] -> [N, H * W, D]. */
const asTokens = (map: Tensor): Tensor => {
  const [n, d, h, w] = map.shape as [number, number, number, number];
  return transpose(reshape(map, [n, d, h * w]), [0, 2, 1]);
};

/** The way back: the last H * W tokens of [N, T, D] as a map [N, D, H, W]. */
export function asMap(tokens: Tensor, [, , h, w]: readonly number[]): Tensor {
  const [n, count, d] = tokens.shape as [number, number, number];
  const patches = slice(tokens, { axis: 1, start: count - h! * w! });
  return reshape(transpose(patches, [0, 2, 1]), [n, d, h!, w!]);
}

/** One token of every image: [N, T, D] -> [N, D]. */
export function tokenAt(tokens: Tensor, place: number): Tensor {
  const [n, , d] = tokens.shape as [number, number, number];
  return reshape(slice(tokens, { axis: 1, start: place, end: place + 1 }), [n, d]);
}

/** What is learnt about tokens before the first block, in the order of timm's state dict. */
function learntTokens(m: Scope, count: number, width: number, distilled: boolean): Tensor {
  const classToken = m.parameter('cls_token', [1, 1, width], normal(1e-6));
  const positions = m.parameter('pos_embed', [1, count, width], init);
  const extra = distilled ? [m.parameter('dist_token', [1, 1, width], init)] : [];
  const special = concat([classToken, ...extra], { axis: 1 });
  return add(positions, pad(special, { before: [0, 0, 0], after: [0, count - special.shape[1]!, 0] }));
}

/**
 * Patches behind a class token and, on demand, a distillation token, with learnt positions added: image [N, C, H, W] ->
 * the patches as a map [N, D, H', W'] and all tokens [N, T, D]. Positions belong to one image and patch size.
 */
export function embedTokens(
  m: Scope,
  image: Tensor,
  { width, patch, distilled }: { width: number; patch: number; distilled: boolean },
): { map: Tensor; tokens: Tensor } {
  const patches = Math.ceil(image.shape[2]! / patch) * Math.ceil(image.shape[3]! / patch);
  const special = distilled ? 2 : 1;
  const learnt = learntTokens(m, special + patches, width, distilled);
  const map = embedPatches(m, image, width, patch);
  // the special tokens enter with the positions, so that nothing but the image knows the size of the batch
  const behind = pad(asTokens(map), { before: [0, special, 0], after: [0, 0, 0] });
  return { map, tokens: add(behind, learnt) };
}
