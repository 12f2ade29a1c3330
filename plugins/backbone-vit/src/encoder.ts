import { add, type Tensor } from '@limbeck/graph';
import { type Scope, zeros } from '@limbeck/nn';
import { asMap, init } from './tokens.js';

const layer = { init, biasInit: zeros };

/** Timm's and the paper's; PyTorch's default is ten times as large. */
const epsilon = 1e-6;

/** Features inside an MLP, as a multiple of those outside. */
const expansion = 4;

/** Shares that training drops; see `DropRates`. */
interface BlockRates {
  readonly dropout: number;
  readonly dropPath: number;
}

/** Attention, then an MLP, each behind a layer norm and beside a shortcut (Dosovitskiy et al., 2021, fig. 1). */
function transformerBlock(
  m: Scope,
  x: Tensor,
  heads: number,
  { dropout, dropPath: rate }: BlockRates,
): Tensor {
  const attention = { heads, dropout, ...layer };
  const attended = m.selfAttention('attn', m.layerNorm('norm1', x, { epsilon }), attention);
  const y = add(x, m.dropPath('drop_path1', attended, { rate }));
  const hidden = expansion * x.shape.at(-1)!;
  const changed = m.mlp('mlp', m.layerNorm('norm2', y, { epsilon }), { hidden, dropout, ...layer });
  return add(y, m.dropPath('drop_path2', changed, { rate }));
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
 * @param dropPath rate of the last block; it grows linearly from 0 at the first one, as in timm
 */
export function transformer(
  m: Scope,
  tokens: Tensor,
  {
    depth,
    heads,
    mapShape,
    dropout,
    dropPath,
  }: BlockRates & { depth: number; heads: number; mapShape: readonly number[] },
): Tensor {
  const ends = stageEnds(depth);
  let x = tokens;
  for (let i = 0; i < depth; i++) {
    const rates = { dropout, dropPath: depth === 1 ? 0 : (dropPath * i) / (depth - 1) };
    x = m.in('blocks').block(i, (b) => transformerBlock(b, x, heads, rates));
    const stage = ends.indexOf(i) + 1;
    if (stage === 0) continue;
    const map = m.tap(`stage${stage}`, asMap(x, mapShape));
    m.tap(`stage${stage}.preact`, map);
  }
  return m.layerNorm('norm', x, { epsilon });
}
