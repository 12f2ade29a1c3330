import type { MetricFormat } from '@limbeck/core';
import { teacherTitle } from '@limbeck/core/host';
import {
  type AverageSettings,
  type CacheFacts,
  type DeployedCost,
  describeExported,
  type EventOf,
  type EventType,
  type LossValues,
  type MetricValues,
  type RunEvent,
} from '@limbeck/trainer';
import type { Colors } from '../output/color.js';
import { bytes, count, decimal, duration, percent, plural } from '../output/numbers.js';

/** What lines need to know of the run, which its first event tells, and how they look. */
export interface Shown {
  /** Of the main phase. */
  readonly epochs: number;
  /** How values of metrics are shown, by name. */
  readonly formats: Readonly<Record<string, MetricFormat>>;
  readonly colors: Colors;
}

/** The lines that stay of an event of a type. */
type Lines<Event> = (event: Event, shown: Shown) => readonly string[];

const none = () => [];

/** The lines that stay of every type of event; a type without an entry is a type error. As JSON, an event is itself. */
const lineTable: { readonly [T in EventType]: Lines<EventOf<T>> } = {
  start: (event, { colors: { bold, dim } }) => [bold(event.folder), ...startLines(event).map(dim)],
  resume: ({ step, checkpoint, extendedFrom }, { epochs }) => [
    `resumed after step ${count(step)}${checkpoint === '' ? '' : ` from ${checkpoint}`}`,
    ...(extendedFrom === undefined
      ? []
      : [
          `extended from ${extendedFrom} to ${epochs} epochs: rates and weights so far are those of a run of that length`,
        ]),
  ],
  weights: ({ model, notes }, { colors }) => [colors.dim(`weights of ${model}: ${notes.join('; ')}`)],
  compiled: none,
  calibration: (event, { colors }) => [colors.dim(calibrationLine(event))],
  fidelity: (event, { colors }) => [colors.dim(fidelityLine(event))],
  phase: ({ phase, epochs }, { colors }) => {
    const which = phase === undefined ? 'main phase' : `initial phase of ${phase}`;
    return [colors.dim(`${which}: ${plural(epochs, 'epoch')}`)];
  },
  teacher: ({ teacher, metrics: values, samples }, { formats, colors }) => [
    colors.dim(
      `${teacherTitle(teacher)} alone: ${metrics(values, formats)} on ${count(samples)} test images`,
    ),
  ],
  'teacher-features': (event, { colors }) => [
    colors.dim(
      `${event.features.join(', ')} of ${teacherTitle(event.teacher)} for ${count(event.samples)} ${event.split} images: ${bytes(event.bytes)} in memory`,
    ),
  ],
  prepare: none,
  prepared: (event, { colors }) => [colors.dim(preparedLine(event))],
  cache: (event, { colors }) => [colors.dim(`cache of ${teacherTitle(event.teacher)}: ${cacheLine(event)}`)],
  'cache-fill': none,
  'cache-filled': (event, { colors }) => (event.records === 0 ? [] : [colors.dim(filledLine(event))]),
  step: none,
  epoch: (event, shown) => [epochLine(event, shown)],
  checkpoint: none,
  warning: ({ message, hint }, { colors }) => [
    `${colors.yellow('warning:')} ${message}${hint === undefined ? '' : ` (${hint})`}`,
  ],
  'early-stop': ({ epoch, reason }) => [`stopped early after epoch ${epoch}: ${reason}`],
  // the error that follows says it
  interrupted: none,
  finish: (event, shown) => finishLines(event, shown),
};

/** The lines that stay of an event, in the order of events; steps leave none. */
export function linesOf(colors: Colors): (event: RunEvent) => readonly string[] {
  let shown: Shown = { epochs: 0, formats: {}, colors };
  return (event) => {
    if (event.type === 'start') shown = { epochs: event.epochs, formats: event.metrics, colors };
    return (lineTable[event.type] as Lines<RunEvent>)(event, shown);
  };
}

function epochLine(event: EventOf<'epoch'>, { epochs, formats, colors }: Shown): string {
  const { bold, dim, green } = colors;
  const best = event.best ? green(' best') : '';
  const test = event.test === undefined ? '' : `  test ${bold(metrics(event.test, formats))}${best}`;
  const train = event.train === undefined ? '' : dim(`  train ${metrics(event.train, formats)}`);
  const rest = dim(
    `  lr ${decimal(event.lr)}  ${count(event.imagesPerSecond)} images/s  ${duration(event.seconds)}`,
  );
  const place = `epoch ${String(event.epoch).padStart(String(epochs).length)}`;
  const head = event.phase === undefined ? `${place}/${epochs}` : `${event.phase} ${place}`;
  return `${head}  ${losses(event.losses)}${trained(event)}${test}${train}${rest}`;
}

const calibrationLine = ({ teacher, ranges, path }: EventOf<'calibration'>): string =>
  `ranges of ${teacherTitle(teacher)} in int8: ${ranges === 'kept' ? `taken from ${path}` : `measured; kept in ${path}`}`;

function fidelityLine({ teacher, precision, agreement, samples, cosine, kl1 }: EventOf<'fidelity'>): string {
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
const preparedLine = ({ preparation, source, path }: EventOf<'prepared'>): string =>
  `prepared ${preparation}: ${source === 'kept' ? `taken from ${path}` : `computed${path === undefined ? '' : `; kept in ${path}`}`}`;

const filledLine = (event: EventOf<'cache-filled'>): string =>
  `cache of ${teacherTitle(event.teacher)}: ${plural(event.records, 'record')}, ${bytes(event.bytes)}, written in ${duration(event.seconds)}`;

function startLines(event: EventOf<'start'>): string[] {
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

function finishLines(event: EventOf<'finish'>, { formats, colors }: Shown): string[] {
  const { epoch, ...best } = event.best;
  const { split } = event.exported;
  // who chooses among epochs by the test split has looked at it
  const look = split === 'test' ? ', a choice that has seen the test split' : '';
  return [
    `finished after ${duration(event.seconds)}: ${colors.bold(metrics(event.last, formats))}; best ${metrics(best, formats)} in epoch ${epoch}${look}`,
    `files hold ${describeExported(event.exported)}`,
    ...(event.deployed === undefined ? [] : [deployedLine(event.deployed)]),
    ...Object.entries(event.files).map(([kind, file]) => `${kind}: ${file}`),
  ];
}

/** `deployed: 292,160 parameters, 1.20 ms an image; the student alone 78,042 and 0.80 ms`. */
function deployedLine({ parameters, latencyMs, plain }: DeployedCost): string {
  const times = (ms: number) => `${ms.toFixed(2)} ms`;
  return `deployed: ${count(parameters)} parameters, ${times(latencyMs)} an image; the student alone ${count(plain.parameters)} and ${times(plain.latencyMs)}`;
}

/** `loss 1.234 (ce 0.512, feature 0.0289)`; the terms in brackets are unweighted. */
export function losses({ total, ...terms }: LossValues): string {
  const named = Object.entries(terms).map(([name, value]) => `${name} ${decimal(value)}`);
  const sum = total === undefined ? '' : ` ${decimal(total)}`;
  return `loss${sum}${named.length === 0 ? '' : ` (${named.join(', ')})`}`;
}

/** The share of right predictions, in phases that predict. */
export const trained = ({ accuracy }: { readonly accuracy?: number }): string =>
  accuracy === undefined ? '' : `  train ${percent(accuracy)}`;

/** Values by name, each as its metric says. */
export const metrics = (values: MetricValues, formats: Shown['formats']): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${metricValue(value, formats[name])}`)
    .join(', ');

/** A value as its metric says: `84.30 %`, `0.4512 nats`. */
export function metricValue(value: number, format: MetricFormat = { as: 'number' }): string {
  if (format.as === 'percent') return percent(value, 2);
  return format.unit === undefined ? decimal(value) : `${decimal(value)} ${format.unit}`;
}
