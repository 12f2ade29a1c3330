import { LimbeckError } from '@limbeck/core';
import type { Fetches } from '@limbeck/core/backend';
import { createEvalLoader, evaluatedImages } from '@limbeck/data';
import { tensorData } from '@limbeck/graph';
import type { LiveTeacher } from '../execute/live-teacher.js';
import { openTeacher, pathsOf, type RunTeacher } from '../execute/open-teacher.js';
import type { Control } from '../run/control.js';
import type { RunListener } from '../run/events.js';
import type { Fidelity } from '../run/facts.js';
import type { TeacherSettings } from '../run/teacher-spec.js';
import { Likeness } from './likeness.js';
import type { PreparedRun } from './prepare.js';

/**
 * Measures how true a teacher in int8 is to itself in float32, on images of the test split.
 *
 * @param live the one in int8
 * @throws LimbeckError PRECONDITION with the figures where that is less than asked for, INTERRUPTED
 */
export async function measureFidelity(
  run: PreparedRun,
  teacher: RunTeacher,
  live: LiveTeacher,
  { emit, stop }: Control,
): Promise<Fidelity> {
  const started = performance.now();
  const float = await openTeacher(run, teacher, pathsOf(teacher), { emit, precision: 'float32' });
  try {
    const fidelity = await compare({ float, rounded: live }, run, { teacher, stop });
    const seconds = (performance.now() - started) / 1000;
    const { name, model } = teacher.planned;
    emit({ type: 'fidelity', teacher: name, precision: 'int8', ...fidelity, seconds });
    refuseUnfaithful(fidelity, { id: model.id, bound: teacher.spec.fidelity }, emit);
    return fidelity;
  } finally {
    await float.dispose();
  }
}

async function compare(
  teachers: { readonly float: LiveTeacher; readonly rounded: LiveTeacher },
  { spec }: PreparedRun,
  { teacher, stop }: { teacher: RunTeacher; stop: () => boolean },
): Promise<Fidelity> {
  const { dataset, batchSize } = spec.data;
  const { test: split, imageShape } = dataset;
  const loader = createEvalLoader({ ...evaluatedImages(dataset), split, batchSize });
  const batches = Math.min(Math.ceil(teacher.spec.fidelity.images / batchSize), loader.batches);
  const likeness = new Likeness(teacher.planned.features.map(({ path }) => path));
  for (let step = 0; step < batches; step++) {
    const { images, count } = await loader.batch(step);
    const image = tensorData('float32', [batchSize, ...imageShape], images);
    const exact: Fetches = await teachers.float.run(image);
    likeness.add(exact, await teachers.rounded.run(image), count);
    if (stop()) throw new LimbeckError('INTERRUPTED', 'the comparison of the teachers was interrupted');
  }
  return likeness.value();
}

function refuseUnfaithful(
  fidelity: Fidelity,
  { id, bound }: { id: string; bound: TeacherSettings['fidelity'] },
  emit: RunListener,
): void {
  const { agreement, cosine, samples } = fidelity;
  const problems = Object.entries(cosine)
    .filter(([, { mean }]) => !(mean >= bound.cosine))
    .map(([tap, { mean }]) => `mean cosine of '${tap}' ${mean.toFixed(4)}, at least ${bound.cosine}`);
  if (!(agreement >= bound.agreement)) {
    problems.unshift(`same prediction for ${percent(agreement)}, at least ${percent(bound.agreement)}`);
  }
  if (problems.length === 0) return;
  const message = `teacher '${id}' in int8 strays from itself in float32 on ${samples} test images: ${problems.join('; ')} asked for`;
  if (!bound.accept) {
    throw new LimbeckError('PRECONDITION', message, {
      hint:
        'calibrate with more images (teacher.calibration), or compute it in float32; ' +
        'teacher.fidelity states the bounds, and with accept: true goes on regardless',
      details: { fidelity },
    });
  }
  emit({ type: 'warning', code: 'PRECONDITION', message });
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
