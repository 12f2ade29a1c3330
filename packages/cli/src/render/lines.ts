import { teacherTitle } from '@limbeck/core';
import type { CacheFacts, DeployedCost, LossValues, MetricValues, RunEvent } from '@limbeck/trainer';
import type { Colors } from '../output/color.js';
import { bytes, count, decimal, duration, percent, plural } from '../output/numbers.js';

/** The lines that stay of an event, in the order of events; steps leave none. */
export function linesOf(colors: Colors): (event: RunEvent) => string[] {
  const run = { epochs: 0 };
  return (event) => {
    if (event.type === 'start') run.epochs = event.epochs;
    return describe(event, run.epochs, colors);
  };
}

function describe(event: RunEvent, epochs: number, { bold, dim, yellow, green }: Colors): string[] {
  switch (event.type) {
    case 'start':
      return [bold(event.folder), ...startLines(event).map(dim)];
    case 'resume':
      return [
        `resumed after step ${count(event.step)}${event.checkpoint === '' ? '' : ` from ${event.checkpoint}`}`,
      ];
    case 'calibration':
      return [dim(calibrationLine(event))];
    case 'fidelity':
      return [dim(fidelityLine(event))];
    case 'phase':
      return [
        dim(
          `${event.phase === undefined ? 'main phase' : `initial phase of ${event.phase}`}: ${plural(event.epochs, 'epoch')}`,
        ),
      ];
    case 'teacher':
      return [
        dim(
          `${teacherTitle(event.teacher)} alone: ${metrics(event.metrics)} on ${count(event.samples)} test images`,
        ),
      ];
    case 'teacher-features':
      return [
        dim(
          `${event.features.join(', ')} of ${teacherTitle(event.teacher)} for ${count(event.samples)} ${event.split} images: ${bytes(event.bytes)} in memory`,
        ),
      ];
    case 'cache':
      return [dim(`cache of ${teacherTitle(event.teacher)}: ${cacheLine(event)}`)];
    case 'cache-filled':
      return event.records === 0 ? [] : [dim(filledLine(event))];
    case 'epoch': {
      const width = String(epochs).length;
      const test =
        event.test === undefined
          ? ''
          : `  test ${bold(metrics(event.test))}${event.best ? green(' best') : ''}`;
      const train = event.train === undefined ? '' : dim(`  train ${metrics(event.train)}`);
      const rest = dim(
        `  lr ${decimal(event.lr)}  ${count(event.imagesPerSecond)} images/s  ${duration(event.seconds)}`,
      );
      const place = `epoch ${String(event.epoch).padStart(width)}`;
      const head = event.phase === undefined ? `${place}/${epochs}` : `${event.phase} ${place}`;
      return [`${head}  ${losses(event.losses)}${trained(event)}${test}${train}${rest}`];
    }
    case 'warning':
      return [`${yellow('warning:')} ${event.message}${event.hint === undefined ? '' : ` (${event.hint})`}`];
    case 'early-stop':
      return [`stopped early after epoch ${event.epoch}: ${event.reason}`];
    case 'finish':
      return finishLines(event, bold);
    default:
      return [];
  }
}

const calibrationLine = ({ teacher, ranges, path }: RunEvent & { type: 'calibration' }): string =>
  `ranges of ${teacherTitle(teacher)} in int8: ${ranges === 'kept' ? `taken from ${path}` : `measured; kept in ${path}`}`;

function fidelityLine({
  teacher,
  precision,
  agreement,
  samples,
  cosine,
  kl1,
}: RunEvent & { type: 'fidelity' }): string {
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

const filledLine = (event: RunEvent & { type: 'cache-filled' }): string =>
  `cache of ${teacherTitle(event.teacher)}: ${plural(event.records, 'record')}, ${bytes(event.bytes)}, written in ${duration(event.seconds)}`;

function startLines(event: RunEvent & { type: 'start' }): string[] {
  const { student, teachers, batchSize, stepsPerEpoch, epochs, seed } = event;
  const model = (of: { id: string; parameters: number }) => `${of.id} (${count(of.parameters)} parameters)`;
  const weights = Object.entries(event.weights).map(
    ([name, weight]) => `${decimal(weight).replace(/\.?0+$/, '')} ${name}`,
  );
  const above = teachers.map((teacher) => `${teacherTitle(teacher.name)} ${model(teacher)}`);
  const under = above.length === 0 ? '' : ` under ${above.join(' and ')}`;
  const backends = [...new Set([event.backend, ...teachers.map(({ backend }) => backend)])].join(' and ');
  return [
    `student ${model(student)}${under}`,
    `loss ${weights.join(' + ')}; ${plural(epochs, 'epoch')} of ${plural(stepsPerEpoch, 'step')} of ${plural(batchSize, 'image')}; seed ${seed}; backend ${backends}`,
  ];
}

function finishLines(event: RunEvent & { type: 'finish' }, bold: Colors['bold']): string[] {
  const { epoch, ...best } = event.best;
  return [
    `finished after ${duration(event.seconds)}: ${bold(metrics(event.last))}; best ${metrics(best)} in epoch ${epoch}`,
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

/** Shares such as accuracies as percentages, anything else as a number. */
export const metrics = (values: MetricValues): string =>
  Object.entries(values)
    .map(([id, value]) => `${id} ${/^top\d+$/.test(id) ? percent(value, 2) : decimal(value)}`)
    .join(', ');
