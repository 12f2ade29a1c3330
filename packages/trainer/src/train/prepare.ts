import { LimbeckError } from '@limbeck/core';
import { createTrainLoader, type TrainLoader } from '@limbeck/data';
import { type Program, type StateDict, sizeOf } from '@limbeck/graph';
import type { LearningRateFactor } from '@limbeck/nn';
import { deployedProgram, planStudent, type StudentPlan, type StudentSpec } from '../programs/student.js';
import type { RunSpec } from '../run-spec.js';
import type { RunTeacher } from '../teachers/open-teacher.js';
import { checkOrigin } from '../weights/check-origin.js';
import { loadWeights } from '../weights/load.js';
import { checkData } from './check-data.js';
import { type Identity, identityOf } from './identity.js';

/** A run that is checked and planned; nothing is compiled or written yet. */
export interface PreparedRun {
  readonly spec: RunSpec;
  readonly plan: StudentPlan;
  readonly loader: TrainLoader;
  /** Factor of the learning rate, by step of the run. */
  readonly schedule: LearningRateFactor;
  /** The deployed model for a batch of images. */
  deployed(batch: number): Program;
  readonly teachers: readonly RunTeacher[];
  /** Of all teachers, by state name; empty where the student trains alone. */
  readonly teacherState: StateDict;
  /** What training starts from. */
  readonly initialState: StateDict;
  readonly identity: Identity;
  readonly warnings: readonly string[];
}

/**
 * Checks data, weights and the whole definition of a run against each other.
 *
 * @throws LimbeckError of every kind that says what does not fit
 */
export function prepareRun(spec: RunSpec): PreparedRun {
  const { dataset, batchSize } = spec.data;
  const { classes, imageShape, normalization, train } = dataset;
  checkCounts(spec);
  checkData(dataset);
  const augment = spec.data.augment.map(({ contribution, options }) =>
    contribution.create(options, imageShape),
  );
  const { seed, epochs } = spec;
  const loader = createTrainLoader({ split: train, normalization, imageShape, batchSize, seed, augment });
  const students: StudentSpec = {
    student: spec.student,
    teachers: spec.teachers,
    distillers: spec.distillers,
    parts: spec.parts,
    optimizer: spec.optimizer,
    groups: spec.groups,
    taskWeight: spec.taskWeight,
    image: [batchSize, ...imageShape],
    classes,
  };
  const warnings: string[] = [];
  const load = (
    role: string,
    variables: Parameters<typeof loadWeights>[0],
    weights: Parameters<typeof loadWeights>[1],
  ) => {
    const warning = checkOrigin(weights, role, dataset);
    if (warning !== undefined) warnings.push(warning);
    return loadWeights(variables, weights, { role, classes });
  };
  const plan = planStudent(students);
  const { student } = spec;
  const teachers = spec.teachers.map((teacher, i) => ({ spec: teacher, planned: plan.teachers[i]! }));
  const teacherState: StateDict = new Map(
    teachers.flatMap(({ spec: { weights }, planned: { model } }) => [
      ...load(`teacher '${model.id}'`, model.variables.values(), weights),
    ]),
  );
  const studentState =
    student.weights === undefined
      ? new Map()
      : load(
          `student '${student.backbone.id}'`,
          [...plan.variables.values()].filter(({ owner }) => owner === 'student'),
          student.weights,
        );
  return {
    spec,
    plan,
    teachers,
    loader,
    schedule: spec.schedule.contribution.create(spec.schedule.options, {
      epochs,
      stepsPerEpoch: loader.batchesPerEpoch,
    }),
    deployed: (batch) => deployedProgram(students, batch),
    teacherState,
    initialState: plan.initialState(seed, new Map([...teacherState, ...studentState])),
    identity: identityOf(spec),
    warnings,
  };
}

/** Number of trained values of a model. */
export function parameterCount(variables: Iterable<{ kind: string; tensor: { shape: readonly number[] } }>) {
  let count = 0;
  for (const { kind, tensor } of variables) if (kind === 'parameter') count += sizeOf(tensor.shape);
  return count;
}

/** Refuses counts that a configuration's schema would refuse; code may hand over anything. */
function checkCounts({ epochs, evaluateEvery, checkpoint, metrics, lr }: RunSpec): void {
  const counts = { epochs, evaluateEvery, 'checkpoint.everyEpochs': checkpoint.everyEpochs };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new LimbeckError('CONFIG_INVALID', `${name} is ${value}`, {
        hint: 'give a positive whole number',
      });
    }
  }
  if (!Number.isFinite(lr) || lr < 0) {
    throw new LimbeckError('CONFIG_INVALID', `lr is ${lr}`, { hint: 'give a number above 0' });
  }
  if (metrics.length === 0) {
    throw new LimbeckError('CONFIG_INVALID', 'there is no metric', {
      hint: "name at least one, such as 'top1': the first decides which epoch is best",
    });
  }
}
