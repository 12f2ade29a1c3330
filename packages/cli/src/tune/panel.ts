import { metricValue } from '@limbeck/trainer/events';
import { count, engineering } from '../output/numbers.js';
import type { Choice, TunedModel, TunedSize, TuneResult } from '../worker/tune-task.js';
import { type Axis, linearAxis, logAxis } from './axis.js';
import { placeLabels } from './label-places.js';
import { escaped, line, type Point, round, shades, text } from './svg.js';

/** Edges of a panel. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What the metric is set against. */
export interface Cost {
  readonly title: string;
  of(model: TunedModel): number;
  axis(values: readonly number[], range: readonly [number, number]): Axis;
  /** Label of a tick. */
  tick(value: number): string;
  isOnFront(choice: Choice): boolean;
}

export const parameterCost: Cost = {
  title: 'parameters of the deployed model',
  of: ({ parameters }) => parameters,
  axis: logAxis,
  tick: (value) => shortened(engineering(value)),
  isOnFront: ({ front }) => front.parameters,
};

export const latencyCost: Cost = {
  title: 'latency of one image alone, ms',
  of: ({ latencyMs }) => latencyMs,
  axis: linearAxis,
  tick: (value) => String(Number(value.toPrecision(3))),
  isOnFront: ({ front }) => front.latency,
};

/** How a panel is drawn: where, against what, by which axis of the metric, and a size's colour. */
export interface PanelStyle {
  readonly frame: Frame;
  readonly cost: Cost;
  readonly y: Axis;
  colorOf(size: TunedSize): string;
}

/** All models of a search by their metric and one of their costs; the student alone is a square. */
export function panel(result: TuneResult, { frame, cost, y, colorOf }: PanelStyle): string[] {
  const { format, student, teachers, sizes } = result;
  const { left, right, top, bottom } = frame;
  const x = cost.axis([...sizes, student].map(cost.of), [left, right]);
  const at = (model: TunedModel): Point => [round(x.at(cost.of(model))), round(y.at(model.last))];
  const title = (model: TunedModel) =>
    `<title>${escaped(`${model.label}: ${metricValue(model.last, format)}, ${count(model.parameters)} parameters, ${model.latencyMs.toFixed(2)} ms`)}</title>`;
  const level = (value: number, shade: string, more?: string) =>
    line([left, y.at(value)], [right, y.at(value)], shade, more);
  const dashed = 'stroke-dasharray="6 4" stroke-width="1.5"';
  const labels = placeLabels([...sizes, student].map(at), { width: 18, height: 10 });
  const [squareX, squareY] = at(student);
  return [
    ...x.ticks.map((tick) => line([x.at(tick), top], [x.at(tick), bottom], shades.grid)),
    ...apart(x.ticks, (tick) => x.at(tick)).map((tick) =>
      text([x.at(tick), bottom + 18], cost.tick(tick), { anchor: 'middle', fill: shades.faint }),
    ),
    ...y.ticks.map((tick) => level(tick, shades.grid)),
    ...teachers.map(({ last }) => level(last, shades.faint, dashed)),
    level(student.last, shades.ink, dashed),
    joined(
      [student, ...sizes].filter(cost.isOnFront).sort((a, b) => cost.of(a) - cost.of(b)),
      at,
    ),
    `<rect x="${squareX - 5}" y="${squareY - 5}" width="10" height="10" fill="${cost.isOnFront(student) ? shades.ink : '#ffffff'}" stroke="${shades.ink}" stroke-width="2">${title(student)}</rect>`,
    ...sizes.map((one) => {
      const [cx, cy] = at(one);
      const fill = cost.isOnFront(one) ? colorOf(one) : '#ffffff';
      return `<circle cx="${cx}" cy="${cy}" r="5" fill="${fill}" stroke="${colorOf(one)}" stroke-width="2">${title(one)}</circle>`;
    }),
    ...sizes.map(({ reduction }, i) => {
      const { x: start, y: base, anchor } = labels[i]!;
      return text([start, base], `f ${reduction}`, { size: 11, fill: shades.faint, anchor });
    }),
    text([(left + right) / 2, bottom + 42], cost.title, { anchor: 'middle' }),
  ];
}

const joined = (choices: readonly Choice[], at: (choice: Choice) => Point): string =>
  `<path d="M${choices.map((one) => at(one).join(' ')).join(' L')}" fill="none" stroke="${shades.ink}" stroke-width="1.5"/>`;

/** Width of the longest label of a tick, with some room. */
const tickWidth = 44;

/** Those of rising ticks whose labels do not run into the one before. */
function apart(ticks: readonly number[], at: (tick: number) => number): number[] {
  let end = Number.NEGATIVE_INFINITY;
  return ticks.filter((tick) => {
    if (at(tick) - end < tickWidth) return false;
    end = at(tick);
    return true;
  });
}

/** Without digits that say nothing: `2 M`, `78 %`. */
export const shortened = (value: string): string =>
  value.replace(/(\.\d*?)0+(?=\D*$)/, '$1').replace(/\.(?=\D*$)/, '');
