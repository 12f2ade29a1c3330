import { teacherTitle } from '@limbeck/core';
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

/** An event as one plain line, as it stands in `run.log`. */
export function describeEvent(event: RunEvent): string {
  switch (event.type) {
    case 'start': {
      const teachers = event.teachers.map(({ name, id }) => `, ${teacherTitle(name)} ${id}`).join('');
      return (
        `start: student ${event.student.id} (${event.student.parameters} parameters)${teachers}, ` +
        `${event.epochs} epochs of ${event.stepsPerEpoch} steps, batch ${event.batchSize}, seed ${event.seed}, ` +
        `backend ${event.backend}, weights: ${values(event.weights)}`
      );
    }
    case 'resume':
      return `resume: from ${event.checkpoint || 'the beginning'}, ${event.epoch} epochs and ${event.step} steps done`;
    case 'compiled':
      return `compiled: ${event.program}, ${event.nodes} nodes in ${seconds(event.seconds)}`;
    case 'calibration':
      return `calibration: ranges of ${teacherTitle(event.teacher)} ${event.ranges === 'kept' ? 'taken from' : 'measured;'} ${event.path}`;
    case 'fidelity': {
      const cosines = Object.entries(event.cosine)
        .map(([tap, { mean, worst }]) => `cosine of ${tap} ${short(mean)} (worst ${short(worst)})`)
        .join(', ');
      return (
        `fidelity: ${teacherTitle(event.teacher)} in ${event.precision} against float32 on ${event.samples} samples in ${seconds(event.seconds)}: ` +
        `agreement ${short(event.agreement)}, ${cosines}, KL ${short(event.kl1)} at T=1, ${short(event.kl4)} at T=4`
      );
    }
    case 'teacher':
      return `${teacherTitle(event.teacher)}: ${values(event.metrics)} on ${event.samples} samples in ${seconds(event.seconds)}`;
    case 'teacher-features':
      return `features of ${teacherTitle(event.teacher)}: ${event.features.join(', ')} of ${event.samples} ${event.split} samples, ${event.bytes} bytes in ${seconds(event.seconds)}`;
    case 'phase':
      return event.phase === undefined
        ? `phase: the main one, ${event.epochs} epochs`
        : `phase: initial one of ${event.phase}, ${event.epochs} epochs`;
    case 'cache': {
      const { views, samples, folder, bytes, missingBytes } = event;
      const kept = Object.entries(event.features).map(([path, how]) => `${path} in ${how}`);
      const state = missingBytes === 0 ? 'hit' : `miss, ${missingBytes} bytes to be written`;
      return `cache of ${teacherTitle(event.teacher)}: ${state}; ${bytes} bytes: ${views} views of ${samples} samples, ${kept.join(', ')}; ${folder}`;
    }
    case 'cache-fill':
      return `cache of ${teacherTitle(event.teacher)}: ${event.done} of ${event.total}, ${Math.round(event.imagesPerSecond)} images/s`;
    case 'cache-filled':
      return `cache of ${teacherTitle(event.teacher)}: ${event.records} records, ${event.bytes} bytes written in ${seconds(event.seconds)}`;
    case 'step':
      return `step ${event.step}: ${phaseOf(event)}epoch ${event.epoch}, lr ${short(event.lr)}, ${values(event.losses)}${weightsOf(event)}, ${Math.round(event.imagesPerSecond)} images/s`;
    case 'epoch': {
      const test =
        event.test === undefined ? '' : `; test: ${values(event.test)}${event.best ? ' (best)' : ''}`;
      const train = event.train === undefined ? '' : `; train as it is: ${values(event.train)}`;
      const accuracy = event.accuracy === undefined ? '' : `, accuracy ${short(event.accuracy)}`;
      return (
        `${phaseOf(event)}epoch ${event.epoch}: lr ${short(event.lr)}, ${values(event.losses)}${weightsOf(event)}${accuracy}${test}${train}; ` +
        `${Math.round(event.imagesPerSecond)} images/s, ${seconds(event.seconds)}`
      );
    }
    case 'checkpoint':
      return `checkpoint: ${event.path}${event.best ? ' (best)' : ''}`;
    case 'warning':
      return `warning ${event.code}: ${event.message}${event.hint === undefined ? '' : ` (${event.hint})`}`;
    case 'early-stop':
      return `early stop after epoch ${event.epoch}: ${event.reason}`;
    case 'interrupted':
      return `interrupted after step ${event.step}: saved ${event.checkpoint}`;
    case 'finish': {
      const { epoch, ...best } = event.best;
      return `finish: ${event.epochs} epochs in ${seconds(event.seconds)}; last: ${values(event.last)}; best (epoch ${epoch}): ${values(best)}${deployedOf(event)}`;
    }
  }
}

/** What an image takes, where more than the student is deployed. */
const deployedOf = ({ deployed }: RunEvent & { type: 'finish' }): string =>
  deployed === undefined
    ? ''
    : `; deployed: ${deployed.parameters} parameters and ${deployed.latencyMs.toFixed(2)} ms an image, the student alone ${deployed.plain.parameters} and ${deployed.plain.latencyMs.toFixed(2)} ms`;
