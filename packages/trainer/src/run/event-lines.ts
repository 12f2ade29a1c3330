import type { MetricFormat } from '@limbeck/core';
import { figures, teacherTitle } from '@limbeck/core/host';
import { describeExported } from './describe-exported.js';
import type { EventOf } from './events.js';
import type { CacheFacts, DeployedCost, Int8Figures, LossValues, MetricValues } from './facts.js';
import type { AverageSettings } from './update-rules.js';

const { bytes, count, decimal, duration, percent, plural } = figures;

/** How parts of a line look on a terminal; where it has no colours, each gives its text back. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** What lines need to know of the run, which its first event tells, and how they look. */
export interface Shown {
  /** Of the main phase. */
  readonly epochs: number;
  /** How values of metrics are shown, by name. */
  readonly formats: Readonly<Record<string, MetricFormat>>;
  readonly style: Style;
}

/** `epoch 3/6  loss 1.234 (ce 0.512)  train 81.2 %  test top1 84.30 % best  lr 0.05000  812 images/s  42 s`. */
export function epochLine(event: EventOf<'epoch'>, { epochs, formats, style }: Shown): string {
  const { bold, dim, green } = style;
  const best = event.best ? green(' best') : '';
  const test = event.test === undefined ? '' : `  test ${bold(metricLine(event.test, formats))}${best}`;
  const train = event.train === undefined ? '' : dim(`  train ${metricLine(event.train, formats)}`);
  const rest = dim(
    `  lr ${decimal(event.lr)}  ${count(event.imagesPerSecond)} images/s  ${duration(event.seconds)}`,
  );
  const place = `epoch ${String(event.epoch).padStart(String(epochs).length)}`;
  const head = event.phase === undefined ? `${place}/${epochs}` : `${event.phase} ${place}`;
  return `${head}  ${lossLine(event.losses)}${accuracyLine(event)}${test}${train}${rest}`;
}

/** Where the ranges of a teacher in int8 come from. */
export const calibrationLine = ({ teacher, ranges, path }: EventOf<'calibration'>): string =>
  `ranges of ${teacherTitle(teacher)} in int8: ${ranges === 'kept' ? `taken from ${path}` : `measured; kept in ${path}`}`;

/** How true a teacher in int8 is to its float32 self. */
export function fidelityLine({
  teacher,
  precision,
  agreement,
  samples,
  cosine,
  kl1,
}: EventOf<'fidelity'>): string {
  const cosines = Object.entries(cosine).map(
    ([tap, { mean, worst }]) => `, cosine of ${tap} ${mean.toFixed(5)} (worst ${worst.toFixed(5)})`,
  );
  return `${teacherTitle(teacher)} in ${precision}: predicts as in float32 for ${percent(agreement, 2)} of ${plural(samples, 'test image')}${cosines.join('')}, KL ${kl1.toExponential(1)}`;
}

/** `miss; 20.5 MB, 4 views of 50,000 images: embedding in float16; runs/.cache/teacher/...`. */
export function cacheLine(cache: CacheFacts): string {
  const { views, samples, features, missingBytes, folder } = cache;
  const kept = Object.entries(features).map(([path, how]) => `${path} in ${how}`);
  const state =
    missingBytes === 0 ? 'hit' : missingBytes === cache.bytes ? 'miss' : `${bytes(missingBytes)} missing`;
  return `${state}; ${bytes(cache.bytes)}, ${plural(views, 'view')} of ${plural(samples, 'image')}: ${kept.join(', ')}; ${folder}`;
}

/** `prepared class-means of norm-direction: taken from runs/.cache/teacher/prepared/...`. */
export const preparedLine = ({ preparation, source, path }: EventOf<'prepared'>): string =>
  `prepared ${preparation}: ${source === 'kept' ? `taken from ${path}` : `computed${path === undefined ? '' : `; kept in ${path}`}`}`;

/** What was written into a cache. */
export const filledLine = (event: EventOf<'cache-filled'>): string =>
  `cache of ${teacherTitle(event.teacher)}: ${plural(event.records, 'record')}, ${bytes(event.bytes)}, written in ${duration(event.seconds)}`;

/** The models, and what is trained how long. */
export function startLines(event: EventOf<'start'>): string[] {
  const { student, teachers, batchSize, batchesPerStep = 1, stepsPerEpoch, epochs, seed } = event;
  const model = (of: { id: string; parameters: number }) => `${of.id} (${count(of.parameters)} parameters)`;
  const weights = Object.entries(event.weights).map(
    ([name, weight]) => `${decimal(weight).replace(/\.?0+$/, '')} ${name}`,
  );
  const above = teachers.map((teacher) => `${teacherTitle(teacher.name)} ${model(teacher)}`);
  const under = above.length === 0 ? '' : ` under ${above.join(' and ')}`;
  const backends = [...new Set([event.backend, ...teachers.map(({ backend }) => backend)])].join(' and ');
  return [
    `student ${model(student)}${under}`,
    `loss ${weights.join(' + ')}; ${plural(epochs, 'epoch')} of ${plural(stepsPerEpoch, 'step')} of ${plural(batchSize * batchesPerStep, 'image')}; seed ${seed}; backend ${backends}`,
    ...(event.ema === undefined ? [] : [averageLine(event.ema)]),
  ];
}

const averageLine = ({ decay, deploy }: AverageSettings): string =>
  `weights averaged with decay ${decay}: the ${deploy ? 'averaged' : 'trained'} ones are evaluated, choose the best epoch and are exported`;

/** The results, and the files that hold them. */
export function finishLines(event: EventOf<'finish'>, { formats, style }: Shown): string[] {
  const { epoch, ...best } = event.best;
  const { split } = event.exported;
  // who chooses among epochs by the test split has looked at it
  const look = split === 'test' ? ', a choice that has seen the test split' : '';
  return [
    `finished after ${duration(event.seconds)}: ${style.bold(metricLine(event.last, formats))}; best ${metricLine(best, formats)} in epoch ${epoch}${look}`,
    `files hold ${describeExported(event.exported)}`,
    ...(event.deployed === undefined ? [] : [deployedLine(event.deployed)]),
    ...Object.entries(event.int8 ?? {}).map(([kind, measured]) => `${kind} in int8: ${int8Line(measured)}`),
    ...Object.entries(event.files).map(([kind, file]) => `${kind}: ${file}`),
  ];
}

/** `top-1 84.10 % (float32 84.30 %), agreement 99.25 %, 102 kB (0.32 of float32), 0.31 ms an image (2.34 times as fast)`. */
function int8Line({ top1, agreement, bytes: size, latencyMs, float32 }: Int8Figures): string {
  const right =
    top1 === undefined ? '' : `top-1 ${percent(top1.int8, 2)} (float32 ${percent(top1.float32, 2)}), `;
  const kept = float32.length === 0 ? '' : `; in float32, the most harmful first: ${float32.join(', ')}`;
  return `${right}agreement ${percent(agreement, 2)}, ${bytes(size.int8)} (${(size.int8 / size.float32).toFixed(2)} of float32), ${latencyMs.int8.toFixed(2)} ms an image (${(latencyMs.float32 / latencyMs.int8).toFixed(2)} times as fast)${kept}`;
}

/** `deployed: 292,160 parameters, 1.20 ms an image; the student alone 78,042 and 0.80 ms`. */
function deployedLine({ parameters, latencyMs, plain }: DeployedCost): string {
  const times = (ms: number) => `${ms.toFixed(2)} ms`;
  return `deployed: ${count(parameters)} parameters, ${times(latencyMs)} an image; the student alone ${count(plain.parameters)} and ${times(plain.latencyMs)}`;
}

/** `loss 1.234 (ce 0.512, feature 0.0289)`; the terms in brackets are unweighted. */
export function lossLine({ total, ...terms }: LossValues): string {
  const named = Object.entries(terms).map(([name, value]) => `${name} ${decimal(value)}`);
  const sum = total === undefined ? '' : ` ${decimal(total)}`;
  return `loss${sum}${named.length === 0 ? '' : ` (${named.join(', ')})`}`;
}

/** The share of right predictions, in phases that predict. */
export const accuracyLine = ({ accuracy }: { readonly accuracy?: number }): string =>
  accuracy === undefined ? '' : `  train ${percent(accuracy)}`;

/** Values by name, each as its metric says. */
export const metricLine = (values: MetricValues, formats: Shown['formats']): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${metricValue(value, formats[name])}`)
    .join(', ');

/** A value as its metric says: `84.30 %`, `0.4512 nats`. */
export function metricValue(value: number, format: MetricFormat = { as: 'number' }): string {
  if (format.as === 'percent') return percent(value, 2);
  return format.unit === undefined ? decimal(value) : `${decimal(value)} ${format.unit}`;
}
