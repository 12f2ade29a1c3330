import { broadcastTo, gather, type Pair, reshape, type Tensor, tensorData } from '@limbeck/graph';

/**
 * The place of an axis of `from` elements that each of `to` elements is picked from: floor(i * from / to), computed as
 * PyTorch does. It rounds the scale and the product to float32, so that 82 of the pairs up to 64 -> 128 differ in some
 * place from the exact quotient.
 */
function nearestPlaces(from: number, to: number): Int32Array {
  const scale = Math.fround(from / to);
  return Int32Array.from({ length: to }, (_, i) => Math.min(Math.floor(Math.fround(i * scale)), from - 1));
}

/** Whether every element is repeated equally often, one after the other: a broadcast does it then. */
const repeats = (from: number, to: number, places: Int32Array): boolean =>
  to % from === 0 && places.every((place, i) => place === Math.floor(i / (to / from)));

/**
 * A map [N, C, H, W] with another height and width, each element that of the position nearest above and to the left, as
 * PyTorch's `interpolate` picks it in its mode `nearest`, for every pair of sizes.
 */
export function resizeNearest(map: Tensor, [height, width]: Pair): Tensor {
  const [n, c, h, w] = map.shape as [number, number, number, number];
  if (h === height && w === width) return map;
  const [rows, columns] = [nearestPlaces(h, height), nearestPlaces(w, width)];
  if (repeats(h, height, rows) && repeats(w, width, columns)) {
    const [down, across] = [height / h, width / w];
    const spread = broadcastTo(reshape(map, [n, c, h, 1, w, 1]), [n, c, h, down, w, across]);
    return reshape(spread, [n, c, height, width]);
  }
  const places = (data: Int32Array) => map.graph.constant(tensorData('int32', [data.length], data));
  return gather(gather(map, places(rows), { axis: 2 }), places(columns), { axis: 3 });
}
