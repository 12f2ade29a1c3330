import { teacherTitle } from '@limbeck/core/host';
import { describeExported } from './describe-exported.js';
import type { RunEvent } from './events.js';
import type { LossValues, MetricValues } from './facts.js';

const values = (named: LossValues | MetricValues): string =>
  Object.entries(named)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(', ');

const short = (value: number): string => String(Number(value.toPrecision(5)));

const seconds = (value: number): string => `${value < 10 ? value.toFixed(2) : Math.round(value)} s`;

const phaseOf = ({ phase }: { readonly phase?: string }): string =>
  phase === undefined ? '' : `initial phase of ${phase}, `;

const weightsOf = ({ weights }: { readonly weights?: LossValues }): string =>
  weights === undefined ? '' : `, weights: ${values(weights)}`;

/** Every type of event. */
export type EventType = RunEvent['type'];

/** The events of a type. */
export type EventOf<T extends EventType> = RunEvent & { readonly type: T };

const batchOf = ({ batchSize, batchesPerStep }: EventOf<'start'>): string =>
  batchesPerStep === undefined ? `batch ${batchSize}` : `${batchesPerStep} batches of ${batchSize} a step`;

const averageOf = ({ ema }: EventOf<'start'>): string =>
  ema === undefined
    ? ''
    : `, average of the weights with decay ${ema.decay} (${ema.deploy ? 'deployed' : 'kept beside them'})`;

/** What a run's folder makes of a type of event. */
export interface EventRow<Event> {
  /** One plain line, as it stands in `run.log`. */
  log(event: Event): string;
  /** A log is read by people, who need not see every step and every batch. Default: every event is written. */
  isLogged?(event: Event): boolean;
  /** Results are the same in a resumed run: each that is logged is a line of JSON in `metrics.jsonl` as well. Default false. */
  readonly isResult?: boolean;
}

/** Steps between two lines of `metrics.jsonl` and `run.log`; epochs are always written. */
const stepsBetweenLines = 50;

/** What is written of every type of event; a type without an entry is a type error. */
export const eventTable: { readonly [T in EventType]: EventRow<EventOf<T>> } = {
  start: {
    log(event) {
      const teachers = event.teachers.map(({ name, id }) => `, ${teacherTitle(name)} ${id}`).join('');
      return (
        `start: student ${event.student.id} (${event.student.parameters} parameters)${teachers}, ` +
        `${event.epochs} epochs of ${event.stepsPerEpoch} steps, ${batchOf(event)}, seed ${event.seed}, ` +
        `backend ${event.backend}, weights: ${values(event.weights)}${averageOf(event)}`
      );
    },
  },
  resume: {
    log: (event) =>
      `resume: from ${event.checkpoint || 'the beginning'}, ${event.epoch} epochs and ${event.step} steps done${event.extendedFrom === undefined ? '' : `; extended, since the first ${event.extendedFrom} epochs are those of a longer run`}`,
  },
  weights: { log: (event) => `weights of ${event.model}: ${event.source}: ${event.notes.join('; ')}` },
  compiled: {
    log: (event) => `compiled: ${event.program}, ${event.nodes} nodes in ${seconds(event.seconds)}`,
  },
  calibration: {
    log: (event) =>
      `calibration: ranges of ${teacherTitle(event.teacher)} ${event.ranges === 'kept' ? 'taken from' : 'measured;'} ${event.path}`,
  },
  fidelity: {
    log(event) {
      const cosines = Object.entries(event.cosine)
        .map(([tap, { mean, worst }]) => `cosine of ${tap} ${short(mean)} (worst ${short(worst)})`)
        .join(', ');
      return (
        `fidelity: ${teacherTitle(event.teacher)} in ${event.precision} against float32 on ${event.samples} samples in ${seconds(event.seconds)}: ` +
        `agreement ${short(event.agreement)}, ${cosines}, KL ${short(event.kl1)} at T=1, ${short(event.kl4)} at T=4`
      );
    },
    isResult: true,
  },
  teacher: {
    log: (event) =>
      `${teacherTitle(event.teacher)}: ${values(event.metrics)} on ${event.samples} samples in ${seconds(event.seconds)}`,
  },
  'teacher-features': {
    log: (event) =>
      `features of ${teacherTitle(event.teacher)}: ${event.features.join(', ')} of ${event.samples} ${event.split} samples, ${event.bytes} bytes in ${seconds(event.seconds)}`,
  },
  prepare: {
    log: (event) =>
      `preparing ${event.preparations.join(', ')} with ${teacherTitle(event.teacher)}: ${event.done} of ${event.total}, ${Math.round(event.imagesPerSecond)} images/s`,
    isLogged: () => false,
  },
  prepared: {
    log: (event) =>
      `prepared ${event.preparation}: ${event.source === 'kept' ? `taken from ${event.path}` : `computed${event.path === undefined ? '' : `; kept in ${event.path}`}`}`,
  },
  phase: {
    log: (event) =>
      event.phase === undefined
        ? `phase: the main one, ${event.epochs} epochs`
        : `phase: initial one of ${event.phase}, ${event.epochs} epochs`,
  },
  cache: {
    log(event) {
      const { views, samples, folder, bytes, missingBytes } = event;
      const kept = Object.entries(event.features).map(([path, how]) => `${path} in ${how}`);
      const state = missingBytes === 0 ? 'hit' : `miss, ${missingBytes} bytes to be written`;
      return `cache of ${teacherTitle(event.teacher)}: ${state}; ${bytes} bytes: ${views} views of ${samples} samples, ${kept.join(', ')}; ${folder}`;
    },
  },
  'cache-fill': {
    log: (event) =>
      `cache of ${teacherTitle(event.teacher)}: ${event.done} of ${event.total}, ${Math.round(event.imagesPerSecond)} images/s`,
    isLogged: () => false,
  },
  'cache-filled': {
    log: (event) =>
      `cache of ${teacherTitle(event.teacher)}: ${event.records} records, ${event.bytes} bytes written in ${seconds(event.seconds)}`,
  },
  step: {
    log: (event) =>
      `step ${event.step}: ${phaseOf(event)}epoch ${event.epoch}, lr ${short(event.lr)}, ${values(event.losses)}${weightsOf(event)}, ${Math.round(event.imagesPerSecond)} images/s`,
    isResult: true,
    isLogged: ({ step }) => step % stepsBetweenLines === 0,
  },
  epoch: {
    log(event) {
      const test =
        event.test === undefined ? '' : `; test: ${values(event.test)}${event.best ? ' (best)' : ''}`;
      const train = event.train === undefined ? '' : `; train as it is: ${values(event.train)}`;
      const accuracy = event.accuracy === undefined ? '' : `, accuracy ${short(event.accuracy)}`;
      return (
        `${phaseOf(event)}epoch ${event.epoch}: lr ${short(event.lr)}, ${values(event.losses)}${weightsOf(event)}${accuracy}${test}${train}; ` +
        `${Math.round(event.imagesPerSecond)} images/s, ${seconds(event.seconds)}`
      );
    },
    isResult: true,
  },
  checkpoint: {
    log: (event) => `checkpoint: ${event.path}${event.best ? ' (best)' : ''}`,
  },
  warning: {
    log: (event) =>
      `warning ${event.code}: ${event.message}${event.hint === undefined ? '' : ` (${event.hint})`}`,
  },
  'early-stop': {
    log: (event) => `early stop after epoch ${event.epoch}: ${event.reason}`,
  },
  interrupted: {
    log: (event) => `interrupted after step ${event.step}: saved ${event.checkpoint}`,
  },
  finish: {
    log(event) {
      const { epoch, ...best } = event.best;
      return `finish: ${event.epochs} epochs in ${seconds(event.seconds)}; last: ${values(event.last)}; best (epoch ${epoch}): ${values(best)}; files hold ${describeExported(event.exported)}${deployedOf(event)}`;
    },
  },
};

/** The row of an event, which takes events of that very type. */
export const rowOf = (event: RunEvent): EventRow<RunEvent> => eventTable[event.type] as EventRow<RunEvent>;

/** An event as one plain line, as it stands in `run.log`. */
export const describeEvent = (event: RunEvent): string => rowOf(event).log(event);

/** What an image takes, where more than the student is deployed. */
const deployedOf = ({ deployed }: EventOf<'finish'>): string =>
  deployed === undefined
    ? ''
    : `; deployed: ${deployed.parameters} parameters and ${deployed.latencyMs.toFixed(2)} ms an image, the student alone ${deployed.plain.parameters} and ${deployed.plain.latencyMs.toFixed(2)} ms`;
