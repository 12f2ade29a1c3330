import { join } from 'node:path';
import { LimbeckError, targetsOf } from '@limbeck/core';
import { coreVersion } from '@limbeck/core/host';
import type { Shape } from '@limbeck/graph';
import { pooledShape } from '../../analysis/pool.js';
import { type AskedPreparation, preparationIdentity } from '../../programs/preparations.js';
import type { StudentPlan } from '../../programs/student.js';
import { hashOf, partOf } from '../../run/identity.js';
import type { RunSpec } from '../../run/run-spec.js';
import type { TeacherSpec } from '../../run/teacher-spec.js';
import { identityOfTeacher, programOf } from '../teacher-cache/plan-cache.js';
import { PreparedFile } from './prepared-file.js';

/** A preparation of a run: what it looks at, and where what it gives is kept. */
export interface PlannedPreparation extends AskedPreparation {
  /** Name of the teacher. */
  readonly teacher: string;
  readonly features: readonly FeatureOfPreparation[];
  /** Undefined where nothing is kept from run to run. */
  readonly file: PreparedFile | undefined;
}

/** A feature a preparation looks at. */
export interface FeatureOfPreparation {
  /** What the preparation calls it. */
  readonly name: string;
  readonly path: string;
  /** Of one image, as the teacher gives it. */
  readonly given: Shape;
  readonly pooled: boolean;
}

/** Changes when what is kept under one key may mean something else. */
const format = 'limbeck.prepared.1';

/** Hexadecimal digits of a hash that name a file. */
const shownDigits = 32;

/**
 * What distillers ask to have computed before training.
 *
 * @throws LimbeckError UNKNOWN_TAP, SHAPE_MISMATCH where a teacher's feature is not there in float32 for each image
 */
export function planPreparations(run: RunSpec, plan: StudentPlan): PlannedPreparation[] {
  return plan.preparations.map((asked) => {
    const found = plan.teachers.findIndex(({ name }) => name === asked.teacher);
    const index = Math.max(found, 0);
    const spec = run.teachers[index]!;
    const { model, name: teacher } = plan.teachers[index]!;
    const features = Object.entries(asked.preparation.features).map(([name, { path, pooled = false }]) => {
      const { dtype, shape } = model.feature(path);
      if (dtype !== 'float32' || shape[0] !== run.data.batchSize) {
        throw new LimbeckError(
          'SHAPE_MISMATCH',
          `'${path}' of teacher '${model.id}' has no float32 values for each image, so distiller '${asked.distiller}' cannot prepare '${asked.preparation.name}'`,
          { hint: 'choose another tap' },
        );
      }
      return { name, path, given: shape.slice(1), pooled };
    });
    return { ...asked, teacher, features, file: fileOf(run, spec, { asked, features }) };
  });
}

/** Where what a preparation gives is kept; undefined where nothing is kept from run to run. */
function fileOf(
  run: RunSpec,
  teacher: TeacherSpec,
  { asked, features }: { asked: AskedPreparation; features: readonly FeatureOfPreparation[] },
): PreparedFile | undefined {
  const folder = teacher.preparedFolder;
  if (folder === undefined) return undefined;
  const { dataset } = run.data;
  const sizes = features.map(({ path, given }) => ({ path, image: 'image', shape: given }));
  const key = hashOf({
    format,
    version: coreVersion,
    teacher: identityOfTeacher(teacher, run),
    program: programOf(teacher, sizes, dataset),
    data: {
      fingerprint: dataset.fingerprint,
      samples: dataset.train.length,
      normalization: dataset.normalization,
      evaluation: (dataset.evaluation ?? []).map(partOf),
      targets: targetsOf(dataset.train).kind,
    },
    preparation: preparationIdentity(asked),
  }).slice(0, shownDigits);
  return new PreparedFile(
    join(folder, `${asked.distiller}-${asked.preparation.name}-${key}.safetensors`),
    key,
  );
}

/** Shape of one image's feature as the preparation is shown it. */
export const shownShape = ({ given, pooled }: FeatureOfPreparation): Shape =>
  pooled ? pooledShape(given) : given;
