import { formatsOf } from '../run/choices.js';
import type { EventOf } from '../run/events.js';
import { type PreparedRun, parameterCount } from './prepare.js';

/** What a run says first: what it consists of. */
export function startEvent(
  { spec, plan, teachers, stepsPerEpoch }: PreparedRun,
  folder: string,
): EventOf<'start'> {
  const { student, data, placement } = spec;
  const variables = [...plan.variables.values()];
  return {
    type: 'start',
    folder,
    student: {
      id: student.backbone.id,
      parameters: parameterCount(variables.filter(({ owner }) => owner === 'student')),
    },
    teachers: teachers.map(({ spec: teaching, planned: { name, model } }) => ({
      name,
      id: model.id,
      parameters:
        'foreign' in teaching ? teaching.foreign.parameters : parameterCount(model.variables.values()),
      backend: teaching.placement.backend.id,
    })),
    epochs: spec.epochs,
    ...(plan.initial.length === 0
      ? {}
      : {
          initial: plan.initial.map(({ place, epochs, weights }) => ({
            phase: place,
            epochs,
            weights: Object.fromEntries(weights),
          })),
        }),
    stepsPerEpoch,
    batchSize: data.batchSize,
    batchesPerStep: plan.batches === 1 ? undefined : plan.batches,
    ema: spec.ema,
    seed: spec.seed,
    weights: Object.fromEntries(plan.weights),
    metrics: formatsOf(spec.metrics),
    backend: placement.backend.id,
  };
}
