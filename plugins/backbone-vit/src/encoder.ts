import { add, type Tensor } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { asMap, init } from './tokens.js';

const layer = { init, biasInit: zeros };

/** Timm's and the paper's; PyTorch's default is ten times as large. */
const epsilon = 1e-6;

/** Features inside an MLP, as a multiple of those outside. */
const expansion = 4;

/** Attention, then an MLP, each behind a layer norm and beside a shortcut (Dosovitskiy et al., 2021, fig. 1). */
function transformerBlock(m: Scope, x: Tensor, heads: number): Tensor {
  const attended = add(x, m.selfAttention('attn', m.layerNorm('norm1', x, { epsilon }), { heads, ...layer }));
  const hidden = expansion * x.shape.at(-1)!;
  return add(attended, m.mlp('mlp', m.layerNorm('norm2', attended, { epsilon }), { hidden, ...layer }));
}

/** Numbers of the blocks that end a stage: every quarter of the depth. */
const stageEnds = (depth: number): number[] => [
  ...new Set([1, 2, 3, 4].map((quarter) => Math.ceil((depth * quarter) / 4) - 1)),
];

/**
 * The blocks and the layer norm behind them: tokens [N, T, D] -> [N, T, D].
 *
 * Taps: `stage1` ..., the patches' tokens as maps; no activation follows, so that `stage1.preact` ... are the same.
 *
 * @param mapShape shape of a map of all patches, [N, D, H, W]
 */
export function transformer(
  m: Scope,
  tokens: Tensor,
  { depth, heads, mapShape }: { depth: number; heads: number; mapShape: readonly number[] },
): Tensor {
  const ends = stageEnds(depth);
  let x = tokens;
  for (let i = 0; i < depth; i++) {
    x = m.in('blocks').block(i, (b) => transformerBlock(b, x, heads));
    const stage = ends.indexOf(i) + 1;
    if (stage === 0) continue;
    const map = m.tap(`stage${stage}`, asMap(x, mapShape));
    m.tap(`stage${stage}.preact`, map);
  }
  return m.layerNorm('norm', x, { epsilon });
}
