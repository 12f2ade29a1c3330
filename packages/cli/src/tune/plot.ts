import { metricValue } from '@limbeck/trainer/events';
import { engineering } from '../output/numbers.js';
import type { TunedSize, TuneResult } from '../worker/tune-task.js';
import { linearAxis } from './axis.js';
import { type Frame, latencyCost, panel, parameterCost, shortened } from './panel.js';
import { escaped, shades, text } from './svg.js';

const size = { width: 1180, height: 500 };
const [top, bottom] = [56, 424];
const left: Frame = { left: 84, right: 500, top, bottom };
const right: Frame = { left: 546, right: 962, top, bottom };
const font = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"';

/** Okabe and Ito's colours, which those see apart too who confuse red and green; one for each number of projectors. */
const colors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f'];

/**
 * A search as a picture: the metric against the deployed parameters, on a logarithmic axis, and against the latency. Sizes on
 * the Pareto front of a panel are filled and joined; the student alone is a square, and its level and the teachers' are lines.
 */
export function plotTuned(result: TuneResult): string {
  const { metric, better, format, teachers, student, sizes } = result;
  const y = linearAxis(
    [...sizes, student, ...teachers].map(({ last }) => last),
    [bottom, top],
  );
  const counts = [...new Set(sizes.map(({ projectors }) => projectors))];
  const colorOf = ({ projectors }: TunedSize) => colors[counts.indexOf(projectors) % colors.length]!;
  const legend = counts.flatMap((projectors, i) => {
    const start = left.left + i * 108;
    const color = colors[i % colors.length];
    return [
      `<circle cx="${start + 5}" cy="34" r="5" fill="${color}"/>`,
      text([start + 16, 38], `${projectors} ${projectors === 1 ? 'projector' : 'projectors'}`),
    ];
  });
  const body = [
    text([left.left, 18], `Projectors of a classifier-sharing ${student.id}`, { size: 15, weight: 600 }),
    ...legend,
    ...y.ticks.map((tick) =>
      text([left.left - 8, y.at(tick) + 4], shortened(metricValue(tick, format)), {
        anchor: 'end',
        fill: shades.faint,
      }),
    ),
    ...panel(result, { frame: left, cost: parameterCost, y, colorOf }),
    ...panel(result, { frame: right, cost: latencyCost, y, colorOf }),
    ...levelNames(result, (value) => y.at(value)),
    text(
      [(left.left + right.right) / 2, bottom + 62],
      'f: reduction factor; filled and joined: the Pareto front of the panel; square: the student alone',
      { anchor: 'middle', size: 11, fill: shades.faint },
    ),
    `<text transform="translate(20 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle" font-size="13" fill="${shades.ink}">${escaped(metric)} on the test images${better === 'lower' ? ' (less is better)' : ''}</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" ${font}>
<rect width="100%" height="100%" fill="#ffffff"/>
${body.join('\n')}
</svg>
`;
}

/** What the lines of teachers and student stand for, at their right. */
function levelNames({ format, teachers, student }: TuneResult, at: (value: number) => number): string[] {
  const levels = [
    ...teachers.map((teacher) => ({
      ...teacher,
      label: `${teacher.label} ${teacher.id}`,
      fill: shades.faint,
    })),
    { ...student, label: 'student alone', fill: shades.ink },
  ];
  const places = spread(
    levels.map(({ last }) => at(last)),
    30,
  );
  return levels.flatMap(({ label, last, parameters, latencyMs, fill }, i) => {
    const costs = `${engineering(parameters)}, ${latencyMs.toFixed(2)} ms`;
    return [
      text([right.right + 8, places[i]! - 1], label, { fill }),
      text([right.right + 8, places[i]! + 13], `${metricValue(last, format)}, ${costs}`, {
        fill: shades.faint,
        size: 11,
      }),
    ];
  });
}

/** Labels out of each other's way: at least `gap` apart, in their order. */
function spread(places: readonly number[], gap: number): number[] {
  const moved = [...places];
  const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  for (let i = 1; i < order.length; i++) {
    moved[order[i]!] = Math.max(moved[order[i]!]!, moved[order[i - 1]!]! + gap);
  }
  return moved;
}
