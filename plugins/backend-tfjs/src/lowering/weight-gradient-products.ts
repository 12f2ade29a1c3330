import { type TensorflowType, tfAttr } from '@limbeck/formats';
import type { Conv2dWeightGradientAttributes, Tensor } from '@limbeck/graph';
import type { GraphBuilder } from './graph-builder.js';
import { nhwc } from './layout.js';
import { noPadding, padded, paddingPairs } from './windows.js';

/** The kernel of oneDNN goes through rows of the map by 16 pixels, in pairs: shorter rows leave it half empty. */
const shortRow = 16;
/** Below so many channels of the result, copying the map for every place of the kernel costs more than is won. */
const manyChannels = 256;

/**
 * Whether a weight gradient is faster as matrix products: in bfloat16 on the CPU, for the small and deep maps of late
 * stages. Measured on AVX512_BF16 with TensorFlow 2.15 (oneDNN 3.2): 256 channels at 8x8 1.3 times as fast, 512 at 4x4
 * 1.8 times, 512 at 2x2 4 times, 256 to 512 at stride 2 from 14x14 3.6 times; in float32 nothing is won.
 */
export function isFasterAsProducts(
  graph: GraphBuilder,
  node: Tensor,
  { groups, kernel }: Conv2dWeightGradientAttributes,
): boolean {
  if (graph.device !== 'cpu' || graph.typeOf(node) !== 'bfloat16' || groups !== 1) return false;
  const dy = node.inputs[1]!;
  return kernel[0] * kernel[1] > 1 && dy.shape[3]! < shortRow && dy.shape[1]! >= manyChannels;
}

/**
 * The gradient [kH, kW, C, O] of weights at dilation 1, one product a kernel row and column: what that place of the
 * kernel saw of the map, [N oH oW, C] transposed, times dy, [N oH oW, O]. At stride s the map is seen as s x s maps, and
 * s columns of the kernel lie side by side in it.
 */
export function weightGradientByProducts(
  graph: GraphBuilder,
  node: Tensor,
  { strides, padding: [top, left], kernel }: Conv2dWeightGradientAttributes,
  type: TensorflowType,
): string {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [, o, oh, ow] = dy.shape as [number, number, number, number];
  const rows = steps(h, top, oh, strides[0], kernel[0]);
  const columns = steps(w, left, ow, strides[1], kernel[1]);
  const around = [top, left, rows * strides[0] - h - top, columns * strides[1] - w - left] as const;
  const map = graph.read(x, nhwc, type);
  const whole = noPadding(around) ? map : padded(graph, type, map, paddingPairs(around));
  const apart = graph.reshape(type, whole, [n, rows, strides[0], columns, strides[1] * c]);
  const gradient = graph.reshape(type, graph.read(dy, nhwc, type), [n * oh * ow, o]);
  const products: string[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column += strides[1]) {
      const places = Math.min(strides[1], kernel[1] - column);
      const begin = [0, Math.floor(row / strides[0]), row % strides[0], column / strides[1], 0];
      const size = [n, oh, 1, ow, places * c];
      const seen = graph.typed('Slice', type, [apart, graph.ints(begin), graph.ints(size)], {
        Index: tfAttr.type('int32'),
      });
      const operands = [graph.reshape(type, seen, [n * oh * ow, places * c]), gradient];
      products.push(
        graph.typed('MatMul', type, operands, {
          transpose_a: tfAttr.bool(true),
          transpose_b: tfAttr.bool(false),
        }),
      );
    }
  }
  const stacked = graph.typed('ConcatV2', type, [...products, graph.int(0)], {
    N: tfAttr.int(products.length),
    Tidx: tfAttr.type('int32'),
  });
  return graph.reshape(type, stacked, [kernel[0], kernel[1], c, o]);
}

/** Steps of a stride that hold the padded map and everything windows reach. */
const steps = (size: number, before: number, windows: number, stride: number, kernel: number): number =>
  Math.ceil(Math.max(size + before, (windows - 1) * stride + kernel) / stride);
