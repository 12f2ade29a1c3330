import { didYouMean, LimbeckError, type MeasuredFeature, type MetricFeature } from '@limbeck/core';
import { metricNameProblem } from '@limbeck/core/host';
import { formatShape, type Shape } from '@limbeck/graph';
import { pooledShape } from '../analysis/pool.js';
import { type TracedDeployment, traceDeployed } from '../programs/deployed.js';
import { featureOutput, studentFeature } from '../programs/evaluated.js';
import type { PlannedTeacher } from '../programs/student.js';
import { type MetricChoice, metricName } from '../run/choices.js';
import type { StudentSpec } from '../run/run-spec.js';

/** A feature that a metric asks for, and where it comes from. */
export interface PlannedFeature extends MeasuredFeature {
  /** Output of the model that gives it. */
  readonly output: string;
  /** Shape of one image's values in that output, before they are pooled. */
  readonly given: Shape;
  /** Name of the teacher; absent for the student's. */
  readonly teacher?: string;
}

/** A metric of a run with everything it looks at. */
export interface PlannedMetric extends MetricChoice {
  readonly name: string;
  /** By the metric's own names; empty where logits are enough. */
  readonly features: Readonly<Record<string, PlannedFeature>>;
}

/** Whether logits and labels are all that a metric needs. */
export const needsLogitsAlone = ({ contribution, options }: MetricChoice): boolean =>
  Object.keys(contribution.features?.(options) ?? {}).length === 0;

/**
 * Finds what metrics look at, and lets each refuse what it cannot compare.
 *
 * @throws LimbeckError CONFIG_INVALID for names that are taken, UNKNOWN_ID, UNKNOWN_TAP, PRECONDITION, SHAPE_MISMATCH
 */
export function planMetrics(
  metrics: readonly MetricChoice[],
  spec: StudentSpec,
  teachers: readonly PlannedTeacher[],
): PlannedMetric[] {
  const bad = metricNameProblem(metrics.map(metricName));
  if (bad !== undefined) {
    throw new LimbeckError('CONFIG_INVALID', `name of metric ${bad.index + 1}: ${bad.problem}`, {
      hint: 'metrics of one kind need a `name` each',
    });
  }
  let traced: TracedDeployment | undefined;
  const ofStudent = (feature: MetricFeature): PlannedFeature => {
    traced ??= traceDeployed(spec, 1);
    const { shape } = studentFeature(traced, feature.path);
    const owner = `student '${spec.student.backbone.id}'`;
    return planned(feature, { owner, output: featureOutput(feature.path), given: shape.slice(1) });
  };
  return metrics.map((metric) => {
    const name = metricName(metric);
    const { contribution, options } = metric;
    const wanted: Readonly<Record<string, MetricFeature>> = contribution.features?.(options) ?? {};
    const features = Object.fromEntries(
      Object.entries(wanted).map(([key, feature]) => [
        key,
        feature.of === 'student' ? ofStudent(feature) : ofTeacher(feature, teacherOf(metric, teachers)),
      ]),
    );
    contribution.create(options, features);
    return { ...metric, name, features };
  });
}

function planned(
  { path, pooled = false, of }: MetricFeature,
  { owner, given, ...source }: { owner: string; output: string; given: Shape; teacher?: string },
): PlannedFeature {
  const shape = pooled ? pooledShape(given) : given;
  return { of, path, pooled, title: `'${path}' of ${owner}`, shape, given, ...source };
}

function ofTeacher(feature: MetricFeature, { name, model }: PlannedTeacher): PlannedFeature {
  const { path } = feature;
  const { dtype, shape } = model.feature(path);
  const owner = `teacher '${model.id}'`;
  if (dtype === 'float32' && shape.length > 0) {
    return planned(feature, { owner, output: path, given: shape.slice(1), teacher: name });
  }
  throw new LimbeckError(
    'PRECONDITION',
    `'${path}' of ${owner} is ${dtype} ${formatShape(shape)}; metrics look at float32 with a row for each image`,
  );
}

/** The teacher a metric compares with. */
function teacherOf(metric: MetricChoice, teachers: readonly PlannedTeacher[]): PlannedTeacher {
  const { teacher: wanted } = metric;
  const [first] = teachers;
  if (first === undefined) {
    throw new LimbeckError('PRECONDITION', `metric '${metricName(metric)}' compares with a teacher`, {
      hint: 'add a teacher to the configuration, or leave the metric out',
    });
  }
  const teacher = wanted === undefined ? first : teachers.find(({ name }) => name === wanted);
  if (teacher !== undefined) return teacher;
  const names = teachers.map(({ name }) => name);
  throw new LimbeckError('UNKNOWN_ID', `metric '${metricName(metric)}' asks for a teacher '${wanted}'`, {
    hint: didYouMean(wanted!, names) ?? `there are: ${names.join(', ')}`,
    details: { metric: metricName(metric), teacher: wanted, teachers: names },
  });
}
