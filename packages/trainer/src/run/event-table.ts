import { figures, teacherTitle } from '@limbeck/core/host';
import {
  cacheLine,
  calibrationLine,
  epochLine,
  fidelityLine,
  filledLine,
  finishLines,
  metricLine,
  preparedLine,
  type Shown,
  type Style,
  startLines,
} from './event-lines.js';
import {
  cacheLog,
  epochLog,
  fidelityLog,
  finishLog,
  phaseOf,
  seconds,
  short,
  startLog,
  values,
  weightsOf,
} from './event-log.js';
import type { EventOf, EventType, RunEvent } from './events.js';

const { bytes, count, plural } = figures;

const none = () => [];

/** What is made of a type of event. As JSON, an event is itself. */
export interface EventRow<Event> {
  /** One plain line, as it stands in `run.log`. */
  log(event: Event): string;
  /** The lines that stay on a terminal. */
  terminal(event: Event, shown: Shown): readonly string[];
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
    log: startLog,
    terminal: (event, { style: { bold, dim } }) => [bold(event.folder), ...startLines(event).map(dim)],
  },
  resume: {
    log: (event) =>
      `resume: from ${event.checkpoint || 'the beginning'}, ${event.epoch} epochs and ${event.step} steps done${event.extendedFrom === undefined ? '' : `; extended, since the first ${event.extendedFrom} epochs are those of a longer run`}`,
    terminal: ({ step, checkpoint, extendedFrom }, { epochs }) => [
      `resumed after step ${count(step)}${checkpoint === '' ? '' : ` from ${checkpoint}`}`,
      ...(extendedFrom === undefined
        ? []
        : [
            `extended from ${extendedFrom} to ${epochs} epochs: rates and weights so far are those of a run of that length`,
          ]),
    ],
  },
  weights: {
    log: (event) => `weights of ${event.model}: ${event.source}: ${event.notes.join('; ')}`,
    terminal: ({ model, notes }, { style }) => [style.dim(`weights of ${model}: ${notes.join('; ')}`)],
  },
  compiled: {
    log: (event) => `compiled: ${event.program}, ${event.nodes} nodes in ${seconds(event.seconds)}`,
    terminal: none,
  },
  calibration: {
    log: (event) =>
      `calibration: ranges of ${teacherTitle(event.teacher)} ${event.ranges === 'kept' ? 'taken from' : 'measured;'} ${event.path}`,
    terminal: (event, { style }) => [style.dim(calibrationLine(event))],
  },
  fidelity: {
    log: fidelityLog,
    isResult: true,
    terminal: (event, { style }) => [style.dim(fidelityLine(event))],
  },
  teacher: {
    log: (event) =>
      `${teacherTitle(event.teacher)}: ${values(event.metrics)} on ${event.samples} samples in ${seconds(event.seconds)}`,
    terminal: ({ teacher, metrics: values, samples }, { formats, style }) => [
      style.dim(
        `${teacherTitle(teacher)} alone: ${metricLine(values, formats)} on ${count(samples)} test images`,
      ),
    ],
  },
  'teacher-features': {
    log: (event) =>
      `features of ${teacherTitle(event.teacher)}: ${event.features.join(', ')} of ${event.samples} ${event.split} samples, ${event.bytes} bytes in ${seconds(event.seconds)}`,
    terminal: (event, { style }) => [
      style.dim(
        `${event.features.join(', ')} of ${teacherTitle(event.teacher)} for ${count(event.samples)} ${event.split} images: ${bytes(event.bytes)} in memory`,
      ),
    ],
  },
  prepare: {
    log: (event) =>
      `preparing ${event.preparations.join(', ')} with ${teacherTitle(event.teacher)}: ${event.done} of ${event.total}, ${Math.round(event.imagesPerSecond)} images/s`,
    isLogged: () => false,
    terminal: none,
  },
  prepared: {
    log: (event) =>
      `prepared ${event.preparation}: ${event.source === 'kept' ? `taken from ${event.path}` : `computed${event.path === undefined ? '' : `; kept in ${event.path}`}`}`,
    terminal: (event, { style }) => [style.dim(preparedLine(event))],
  },
  phase: {
    log: (event) =>
      event.phase === undefined
        ? `phase: the main one, ${event.epochs} epochs`
        : `phase: initial one of ${event.phase}, ${event.epochs} epochs`,
    terminal: ({ phase, epochs }, { style }) => {
      const which = phase === undefined ? 'main phase' : `initial phase of ${phase}`;
      return [style.dim(`${which}: ${plural(epochs, 'epoch')}`)];
    },
  },
  cache: {
    log: cacheLog,
    terminal: (event, { style }) => [
      style.dim(`cache of ${teacherTitle(event.teacher)}: ${cacheLine(event)}`),
    ],
  },
  'cache-fill': {
    log: (event) =>
      `cache of ${teacherTitle(event.teacher)}: ${event.done} of ${event.total}, ${Math.round(event.imagesPerSecond)} images/s`,
    isLogged: () => false,
    terminal: none,
  },
  'cache-filled': {
    log: (event) =>
      `cache of ${teacherTitle(event.teacher)}: ${event.records} records, ${event.bytes} bytes written in ${seconds(event.seconds)}`,
    terminal: (event, { style }) => (event.records === 0 ? [] : [style.dim(filledLine(event))]),
  },
  step: {
    log: (event) =>
      `step ${event.step}: ${phaseOf(event)}epoch ${event.epoch}, lr ${short(event.lr)}, ${values(event.losses)}${weightsOf(event)}, ${Math.round(event.imagesPerSecond)} images/s`,
    isResult: true,
    isLogged: ({ step }) => step % stepsBetweenLines === 0,
    terminal: none,
  },
  epoch: {
    log: epochLog,
    isResult: true,
    terminal: (event, shown) => [epochLine(event, shown)],
  },
  checkpoint: {
    log: (event) => `checkpoint: ${event.path}${event.best ? ' (best)' : ''}`,
    terminal: none,
  },
  warning: {
    log: (event) =>
      `warning ${event.code}: ${event.message}${event.hint === undefined ? '' : ` (${event.hint})`}`,
    terminal: ({ message, hint }, { style }) => [
      `${style.yellow('warning:')} ${message}${hint === undefined ? '' : ` (${hint})`}`,
    ],
  },
  'early-stop': {
    log: (event) => `early stop after epoch ${event.epoch}: ${event.reason}`,
    terminal: ({ epoch, reason }) => [`stopped early after epoch ${epoch}: ${reason}`],
  },
  interrupted: {
    log: (event) => `interrupted after step ${event.step}: saved ${event.checkpoint}`,
    terminal: none,
  },
  finish: {
    log: finishLog,
    terminal: finishLines,
  },
};

/** The row of an event, which takes events of that very type. */
export const rowOf = (event: RunEvent): EventRow<RunEvent> => eventTable[event.type] as EventRow<RunEvent>;

/** An event as one plain line, as it stands in `run.log`. */
export const describeEvent = (event: RunEvent): string => rowOf(event).log(event);

/** The lines of events that stay on a terminal, in the order of events; steps leave none. */
export function terminalLines(style: Style): (event: RunEvent) => readonly string[] {
  let shown: Shown = { epochs: 0, formats: {}, style };
  return (event) => {
    if (event.type === 'start') shown = { epochs: event.epochs, formats: event.metrics, style };
    return rowOf(event).terminal(event, shown);
  };
}
