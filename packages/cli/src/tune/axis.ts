/** A way from values to places on paper. */
export interface Axis {
  /** Values that get a line and a label. */
  readonly ticks: readonly number[];
  /** Place of a value. */
  at(value: number): number;
}

/** Share of the range that stays free on either side. */
const margin = 0.06;

/** An axis whose ticks are round numbers, about `wanted` of them. */
export function linearAxis(
  values: readonly number[],
  [from, to]: readonly [number, number],
  wanted = 6,
): Axis {
  const [low, high] = widened(Math.min(...values), Math.max(...values));
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough)!;
  const first = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  return { ticks, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

/** What powers of ten are multiplied by, in the order of need: the first that give a few ticks are taken. */
const multiples = [
  [1, 2, 5],
  [1, 1.5, 2, 3, 4, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9],
] as const;
const fewTicks = 4;

/** An axis on which equal factors are equally far apart; ticks at round numbers, such as 1, 2 and 5 times powers of ten. */
export function logAxis(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const logs = values.map((value) => Math.log10(value));
  const [low, high] = widened(Math.min(...logs), Math.max(...logs));
  const within = (times: readonly number[]) => {
    const found: number[] = [];
    for (let power = Math.floor(low); power <= high; power++) {
      for (const factor of times) {
        const tick = factor * 10 ** power;
        if (Math.log10(tick) >= low && Math.log10(tick) <= high) found.push(tick);
      }
    }
    return found;
  };
  const sets = multiples.map(within);
  const ticks = sets.find(({ length }) => length >= fewTicks) ?? sets.at(-1)!;
  return { ticks, at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from) };
}

function widened(low: number, high: number): [number, number] {
  const room = high > low ? (high - low) * margin : Math.max(Math.abs(high), 1) * margin;
  return [low - room, high + room];
}
