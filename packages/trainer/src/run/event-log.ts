import { teacherTitle } from '@limbeck/core/host';
import { describeExported } from './describe-exported.js';
import type { EventOf } from './events.js';
import type { LossValues, MetricValues } from './facts.js';

/** Values by name. */
export const values = (named: LossValues | MetricValues): string =>
  Object.entries(named)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(', ');

/** Five significant digits. */
export const short = (value: number): string => String(Number(value.toPrecision(5)));

/** A duration. */
export const seconds = (value: number): string => `${value < 10 ? value.toFixed(2) : Math.round(value)} s`;

/** The initial phase of an event, in front of a line. */
export const phaseOf = ({ phase }: { readonly phase?: string }): string =>
  phase === undefined ? '' : `initial phase of ${phase}, `;

/** The weights that a balancer decided. */
export const weightsOf = ({ weights }: { readonly weights?: LossValues }): string =>
  weights === undefined ? '' : `, weights: ${values(weights)}`;

const batchOf = ({ batchSize, batchesPerStep }: EventOf<'start'>): string =>
  batchesPerStep === undefined ? `batch ${batchSize}` : `${batchesPerStep} batches of ${batchSize} a step`;

const averageOf = ({ ema }: EventOf<'start'>): string =>
  ema === undefined
    ? ''
    : `, average of the weights with decay ${ema.decay} (${ema.deploy ? 'deployed' : 'kept beside them'})`;

/** What is trained, and how. */
export function startLog(event: EventOf<'start'>): string {
  const teachers = event.teachers.map(({ name, id }) => `, ${teacherTitle(name)} ${id}`).join('');
  return (
    `start: student ${event.student.id} (${event.student.parameters} parameters)${teachers}, ` +
    `${event.epochs} epochs of ${event.stepsPerEpoch} steps, ${batchOf(event)}, seed ${event.seed}, ` +
    `backend ${event.backend}, weights: ${values(event.weights)}${averageOf(event)}`
  );
}

/** How true a teacher in int8 is. */
export function fidelityLog(event: EventOf<'fidelity'>): string {
  const cosines = Object.entries(event.cosine)
    .map(([tap, { mean, worst }]) => `cosine of ${tap} ${short(mean)} (worst ${short(worst)})`)
    .join(', ');
  return (
    `fidelity: ${teacherTitle(event.teacher)} in ${event.precision} against float32 on ${event.samples} samples in ${seconds(event.seconds)}: ` +
    `agreement ${short(event.agreement)}, ${cosines}, KL ${short(event.kl1)} at T=1, ${short(event.kl4)} at T=4`
  );
}

/** What a cache holds. */
export function cacheLog(event: EventOf<'cache'>): string {
  const { views, samples, folder, bytes, missingBytes } = event;
  const kept = Object.entries(event.features).map(([path, how]) => `${path} in ${how}`);
  const state = missingBytes === 0 ? 'hit' : `miss, ${missingBytes} bytes to be written`;
  return `cache of ${teacherTitle(event.teacher)}: ${state}; ${bytes} bytes: ${views} views of ${samples} samples, ${kept.join(', ')}; ${folder}`;
}

/** Losses and metrics of an epoch. */
export function epochLog(event: EventOf<'epoch'>): string {
  const test = event.test === undefined ? '' : `; test: ${values(event.test)}${event.best ? ' (best)' : ''}`;
  const train = event.train === undefined ? '' : `; train as it is: ${values(event.train)}`;
  const accuracy = event.accuracy === undefined ? '' : `, accuracy ${short(event.accuracy)}`;
  return (
    `${phaseOf(event)}epoch ${event.epoch}: lr ${short(event.lr)}, ${values(event.losses)}${weightsOf(event)}${accuracy}${test}${train}; ` +
    `${Math.round(event.imagesPerSecond)} images/s, ${seconds(event.seconds)}`
  );
}

/** The results. */
export function finishLog(event: EventOf<'finish'>): string {
  const { epoch, ...best } = event.best;
  return `finish: ${event.epochs} epochs in ${seconds(event.seconds)}; last: ${values(event.last)}; best (epoch ${epoch}): ${values(best)}; files hold ${describeExported(event.exported)}${deployedOf(event)}`;
}

/** What an image takes, where more than the student is deployed. */
const deployedOf = ({ deployed }: EventOf<'finish'>): string =>
  deployed === undefined
    ? ''
    : `; deployed: ${deployed.parameters} parameters and ${deployed.latencyMs.toFixed(2)} ms an image, the student alone ${deployed.plain.parameters} and ${deployed.plain.latencyMs.toFixed(2)} ms`;
