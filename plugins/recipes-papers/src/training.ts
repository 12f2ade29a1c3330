import type { PlainRun } from '@limbeck/core';
import type { Values } from './values.js';

type Train = PlainRun['train'];
type Optimizer = NonNullable<Train['optimizer']>;
type Schedule = NonNullable<Train['schedule']>;

const decayed = (use: string) => (values: Values) => ({
  use,
  lr: values.number('lr'),
  weightDecay: values.number('weightDecay'),
});

/** Optimisers of the sources that there are here, by their names there. */
const optimizers: Readonly<Record<string, (values: Values) => Optimizer>> = {
  sgd: (values) => ({
    ...decayed('sgd')(values),
    momentum: values.number('momentum'),
    nesterov: values.flag('nesterov'),
  }),
  adamw: decayed('adamw'),
  lamb: decayed('lamb'),
};

/** Courses of the learning rate, `from` epochs after the beginning. */
const schedules: Readonly<Record<string, (values: Values, from: number) => Schedule | undefined>> = {
  multistep: (values, from) => {
    const { milestones, gamma } = values.record('schedule') as { milestones: number[]; gamma: number };
    return { use: 'multi-step', milestones: milestones.map((epoch) => epoch - from), gamma };
  },
  step: (values, from) => {
    const { every, gamma } = values.record('schedule') as { every?: number; gamma?: number };
    if (every === undefined || gamma === undefined) return undefined;
    const count = Math.ceil(values.number('epochs') / every) - 1;
    return {
      use: 'multi-step',
      milestones: Array.from({ length: count }, (_, i) => every * (i + 1) - from),
      gamma,
    };
  },
  cosine: (values) => ({
    use: 'cosine',
    final: Number((values.of('schedule', 'minLr', 0) / values.number('lr')).toPrecision(6)),
  }),
};

/** How a run trains, or what of it there is no equal of here. */
export function trainOf(values: Values): { train: Train } | { missing: string } {
  const optimizer = optimizers[values.text('optimizer')]?.(values);
  if (optimizer === undefined) return { missing: `the optimizer ${values.text('optimizer')}` };
  const { kind, epochs: rise } = values.record('warmup') as { kind?: string; epochs?: number };
  const warmup = kind === 'learning rate' ? rise! : 0;
  const after = schedules[String(values.record('schedule').kind)]?.(values, warmup);
  if (after === undefined) return { missing: `the schedule ${JSON.stringify(values.record('schedule'))}` };
  const schedule = warmup === 0 ? after : { use: 'linear-warmup', epochs: warmup, after };
  const { clipGradNorm } = values.record('extra') as { clipGradNorm?: number };
  return {
    train: {
      epochs: values.number('epochs'),
      optimizer,
      schedule,
      ...(clipGradNorm === undefined
        ? {}
        : { transforms: [{ use: 'clip-by-global-norm', maxNorm: clipGradNorm }] }),
    },
  };
}
