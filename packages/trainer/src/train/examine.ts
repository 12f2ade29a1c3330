import { LimbeckError } from '@limbeck/core';
import { evaluate } from '../evaluate/evaluate.js';
import { needsLogitsAlone } from '../evaluate/plan-metrics.js';
import { type LiveTeacher, teacherClassifier } from '../execute/live-teacher.js';
import { openTeacher, type RunTeacher } from '../execute/open-teacher.js';
import type { Control } from '../run/control.js';
import type { RunListener } from '../run/events.js';
import type { MetricValues } from '../run/facts.js';
import { sourceOf } from '../run/teacher-spec.js';
import type { PreparedRun } from './prepare.js';

/** A teacher counts as knowing something from so many times the accuracy of guessing on. */
const betterThanChance = 1.5;

/**
 * Measures a teacher on the test split, by the metrics that need nothing besides it and compiled as it will be used:
 * wrong weights, classes or normalisation show here and not after a day.
 *
 * @param live undefined where no step needs it
 * @throws LimbeckError PRECONDITION where it is no better than chance, INTERRUPTED
 */
export async function examineTeacher(
  run: PreparedRun,
  teacher: RunTeacher,
  live: LiveTeacher | undefined,
  { emit, stop }: Control,
): Promise<MetricValues> {
  const { spec } = teacher;
  // one that knows no classes cannot be right or wrong
  if ('foreign' in spec && spec.foreign.noLogits !== undefined) return {};
  const { data } = run.spec;
  const metrics = run.spec.metrics.filter(needsLogitsAlone);
  // what the student's step asks for may include the logits already; in int8 it always does
  const own = live?.paths.has('logits') ? undefined : await openClassifier(run, teacher, emit);
  try {
    const classifier = teacherClassifier(own ?? live!);
    const model = `teacher '${teacher.planned.name}'`;
    const result = await evaluate({ model, classifier, dataset: data.dataset, metrics, stop });
    const { samples, seconds, accuracy } = result;
    const { name } = teacher.planned;
    emit({ type: 'teacher', teacher: name, metrics: result.metrics, samples, seconds });
    if (accuracy !== undefined) refuseGuessing({ accuracy, classes: data.dataset.classes, teacher }, emit);
    return result.metrics;
  } finally {
    await own?.dispose();
  }
}

/** Where no step needs a teacher in int8, there is none to be examined: it is measured in float32. */
function openClassifier(run: PreparedRun, teacher: RunTeacher, emit: RunListener): Promise<LiveTeacher> {
  const isInt8 = teacher.spec.placement.precision === 'int8';
  return openTeacher(run, teacher, ['logits'], { emit, ...(isInt8 ? { precision: 'float32' } : {}) });
}

function refuseGuessing(
  { accuracy, classes, teacher }: { accuracy: number; classes: number; teacher: RunTeacher },
  emit: RunListener,
): void {
  if (accuracy > betterThanChance / classes) return;
  const { acceptChance } = teacher.spec;
  const source = sourceOf(teacher.spec);
  const message = `teacher '${teacher.planned.model.id}' (${source}) is at chance: ${percent(accuracy)} right of ${classes} classes`;
  if (!acceptChance) {
    throw new LimbeckError('PRECONDITION', message, {
      hint:
        'check that its weights, the order of classes and the normalisation belong to this data set; ' +
        'teacher.acceptChance goes on regardless',
      details: { accuracy, classes },
    });
  }
  emit({ type: 'warning', code: 'PRECONDITION', message });
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
