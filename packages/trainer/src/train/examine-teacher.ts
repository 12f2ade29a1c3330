import { LimbeckError } from '@limbeck/core';
import { executableClassifier } from '../evaluate/classifier.js';
import { evaluate } from '../evaluate/evaluate.js';
import type { MetricValues, RunListener } from '../events.js';
import type { Placement } from '../run-spec.js';
import { compile, frozen } from './compile.js';
import type { Machines } from './machines.js';
import type { PreparedRun } from './prepare.js';

/** A teacher counts as knowing something from so many times the accuracy of guessing on. */
const betterThanChance = 1.5;

/**
 * Measures the teacher on the test split, compiled as it will be used: wrong weights, classes or normalisation show here
 * and not after a day.
 *
 * @returns its metrics; undefined where there is no teacher
 * @throws LimbeckError PRECONDITION where it is no better than chance, INTERRUPTED
 */
export async function examineTeacher(
  { spec, plan, teacherState }: PreparedRun,
  machines: Machines,
  { emit, stop }: { emit: RunListener; stop: () => boolean },
): Promise<MetricValues | undefined> {
  const { teacher, data, metrics } = spec;
  if (teacher === undefined || plan.teacher === undefined) return undefined;
  // what the student's step asks for may include the logits already; in int8 it always does
  const own = machines.teacher?.program.outputs.has('logits')
    ? undefined
    : await compile(frozen(plan.teacher.classifierProgram(), teacherState), floating(teacher.placement), {
        emit,
      });
  try {
    const classifier = executableClassifier(own ?? machines.teacher!);
    const result = await evaluate({ classifier, dataset: data.dataset, metrics, stop });
    const { samples, seconds } = result;
    emit({ type: 'teacher', metrics: result.metrics, samples, seconds });
    const { classes } = data.dataset;
    const { id } = teacher.backbone;
    const { source } = teacher.weights;
    const { acceptChance } = teacher;
    judge({ accuracy: result.accuracy, classes, id, source, acceptChance }, emit);
    return result.metrics;
  } finally {
    await own?.dispose();
  }
}

/** Where no step needs a teacher in int8, there is none to be examined. */
const floating = (placement: Placement): Placement =>
  placement.precision === 'int8' ? { ...placement, precision: 'float32' } : placement;

/** What the verdict on a teacher needs to know. */
interface Examined {
  readonly accuracy: number;
  readonly classes: number;
  readonly id: string;
  readonly source: string;
  readonly acceptChance: boolean;
}

function judge({ accuracy, classes, id, source, acceptChance }: Examined, emit: RunListener): void {
  if (accuracy > betterThanChance / classes) return;
  const message = `teacher '${id}' (${source}) is at chance: ${percent(accuracy)} right of ${classes} classes`;
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
