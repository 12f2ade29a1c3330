import { count, engineering } from '../output/numbers.js';
import type { TunedSize, TuneResult } from '../worker/tune-task.js';
import { linearAxis, logAxis } from './axis.js';
import { placeLabels } from './label-places.js';
import { metricValue } from './print-tuned.js';

const size = { width: 760, height: 500 };
/** Of the frame. */
const frame = { left: 84, right: 600, top: 56, bottom: 424 };
const font = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"';
const ink = { text: '#1f2328', faint: '#656d76', grid: '#e4e7eb', front: '#1f2328' };

/** Okabe and Ito's colours, which those see apart too who confuse red and green; one for each number of projectors. */
const colors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f'];

/** Lines for teachers and the student: colours that no number of projectors has. */
const lines = { teacher: '#656d76', student: '#1f2328' };

/**
 * A search as a picture: the metric against the deployed parameters, on a logarithmic axis. Sizes on the Pareto front are
 * filled and joined; teachers and the student alone are lines.
 */
export function plotTuned({ metric, better, teachers, student, sizes }: TuneResult): string {
  const x = logAxis(
    [...sizes, student].map(({ parameters }) => parameters),
    [frame.left, frame.right],
  );
  const y = linearAxis(
    [...sizes, student, ...teachers].map(({ last }) => last),
    [frame.bottom, frame.top],
  );
  const counts = [...new Set(sizes.map(({ projectors }) => projectors))];
  const colorOf = ({ projectors }: TunedSize) => colors[counts.indexOf(projectors) % colors.length]!;
  const grid = [
    ...x.ticks.map((tick) => [
      line([x.at(tick), frame.top], [x.at(tick), frame.bottom], ink.grid),
      text([x.at(tick), frame.bottom + 18], shortened(engineering(tick)), {
        anchor: 'middle',
        fill: ink.faint,
      }),
    ]),
    ...y.ticks.map((tick) => [
      line([frame.left, y.at(tick)], [frame.right, y.at(tick)], ink.grid),
      text([frame.left - 8, y.at(tick) + 4], shortened(metricValue(metric, tick)), {
        anchor: 'end',
        fill: ink.faint,
      }),
    ]),
  ].flat();
  const levels = [
    ...teachers.map(({ label, last, parameters }) => ({ label, last, parameters, fill: lines.teacher })),
    { label: 'student alone', last: student.last, parameters: student.parameters, fill: lines.student },
  ];
  const levelTexts = spread(
    levels.map(({ last }) => y.at(last)),
    30,
  );
  const references = levels.flatMap(({ label, last, parameters, fill }, i) => [
    line(
      [frame.left, y.at(last)],
      [frame.right, y.at(last)],
      fill,
      'stroke-dasharray="6 4" stroke-width="1.5"',
    ),
    text([frame.right + 8, levelTexts[i]! - 1], escaped(label), { fill }),
    text([frame.right + 8, levelTexts[i]! + 13], `${metricValue(metric, last)}, ${engineering(parameters)}`, {
      fill: ink.faint,
      size: 11,
    }),
  ]);
  const at = ({ parameters, last }: TunedSize): Point => [x.at(parameters), y.at(last)];
  const labels = placeLabels(sizes.map(at), { width: 18, height: 10 });
  const points = sizes.map((one) => {
    const [cx, cy] = at(one).map(round);
    const fill = one.front.parameters ? colorOf(one) : '#ffffff';
    const title = `${one.label}: ${metricValue(metric, one.last)}, ${count(one.parameters)} parameters, ${one.latencyMs.toFixed(2)} ms`;
    return `<circle cx="${cx}" cy="${cy}" r="5" fill="${fill}" stroke="${colorOf(one)}" stroke-width="2"><title>${escaped(title)}</title></circle>`;
  });
  const factors = sizes.map(({ reduction }, i) => {
    const { x: left, y: base, anchor } = labels[i]!;
    return text([left, base], `f ${reduction}`, { size: 11, fill: ink.faint, anchor });
  });
  const legend = counts.flatMap((projectors, i) => {
    const [left, top] = [frame.left + i * 108, 38];
    return [
      `<circle cx="${left + 5}" cy="${top - 4}" r="5" fill="${colors[i % colors.length]}"/>`,
      text([left + 16, top], `${projectors} projector${projectors === 1 ? '' : 's'}`, { size: 12 }),
    ];
  });
  const body = [
    ...grid,
    ...references,
    front(sizes, at),
    ...points,
    ...factors,
    text([frame.left, 18], `Projectors of a classifier-sharing ${escaped(student.id)}`, {
      size: 15,
      weight: 600,
    }),
    ...legend,
    text([(frame.left + frame.right) / 2, frame.bottom + 42], 'parameters of the deployed model', {
      anchor: 'middle',
    }),
    text(
      [(frame.left + frame.right) / 2, frame.bottom + 62],
      'f: reduction factor; filled and joined: the Pareto front',
      { anchor: 'middle', size: 11, fill: ink.faint },
    ),
    `<text transform="translate(20 ${(frame.top + frame.bottom) / 2}) rotate(-90)" text-anchor="middle" font-size="13" fill="${ink.text}">${escaped(metric)} on the test images${better === 'lower' ? ' (less is better)' : ''}</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" ${font}>
<rect width="100%" height="100%" fill="#ffffff"/>
${body.join('\n')}
</svg>
`;
}

/** Sizes on the front, joined in the order of their parameters. */
function front(sizes: readonly TunedSize[], at: (size: TunedSize) => Point): string {
  const points = sizes
    .filter((one) => one.front.parameters)
    .sort((a, b) => a.parameters - b.parameters)
    .map((one) => at(one).map(round).join(' '));
  return `<path d="M${points.join(' L')}" fill="none" stroke="${ink.front}" stroke-width="1.5"/>`;
}

type Point = readonly [x: number, y: number];

const line = ([x1, y1]: Point, [x2, y2]: Point, stroke: string, more = 'stroke-width="1"'): string =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" ${more}/>`;

function text(
  [x, y]: Point,
  content: string,
  {
    anchor = 'start',
    fill = ink.text,
    size: fontSize = 13,
    weight = 400,
  }: { anchor?: 'start' | 'middle' | 'end'; fill?: string; size?: number; weight?: number } = {},
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${fontSize}" font-weight="${weight}" fill="${fill}">${content}</text>`;
}

/** Labels beside each other's way: at least `gap` apart, in their order. */
function spread(places: readonly number[], gap: number): number[] {
  const moved = [...places];
  const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  for (let i = 1; i < order.length; i++) {
    moved[order[i]!] = Math.max(moved[order[i]!]!, moved[order[i - 1]!]! + gap);
  }
  return moved;
}

/** Without digits that say nothing: `2 M`, `78 %`. */
const shortened = (value: string): string =>
  value.replace(/(\.\d*?)0+(?=\D*$)/, '$1').replace(/\.(?=\D*$)/, '');

const round = (value: number): number => Math.round(value * 10) / 10;

const escaped = (content: string): string => content.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
