/** Where a label may stand beside its point. */
export interface LabelPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
}

/** Corners and sides of a point, those that read best first: offsets of the text's baseline. */
const offsets: readonly LabelPlace[] = [
  { x: 8, y: -7, anchor: 'start' },
  { x: 8, y: 15, anchor: 'start' },
  { x: -8, y: -7, anchor: 'end' },
  { x: -8, y: 15, anchor: 'end' },
  { x: 10, y: 4, anchor: 'start' },
  { x: -10, y: 4, anchor: 'end' },
];

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Half of a point's width. */
const reach = 7;

/** Finds every label the first place where it covers neither a point nor a label before it, else the first place at all. */
export function placeLabels(
  points: readonly (readonly [x: number, y: number])[],
  { width, height }: { readonly width: number; readonly height: number },
): LabelPlace[] {
  const taken: Box[] = points.map(([x, y]) => ({
    left: x - reach,
    right: x + reach,
    top: y - reach,
    bottom: y + reach,
  }));
  return points.map(([px, py]) => {
    const places = offsets.map(({ x, y, anchor }) => ({ x: px + x, y: py + y, anchor }));
    const boxOf = ({ x, y, anchor }: LabelPlace): Box => {
      const left = anchor === 'start' ? x : x - width;
      return { left, right: left + width, top: y - height, bottom: y };
    };
    const place = places.find((one) => !taken.some((box) => overlap(box, boxOf(one)))) ?? places[0]!;
    taken.push(boxOf(place));
    return place;
  });
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
